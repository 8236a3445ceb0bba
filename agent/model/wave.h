#pragma once

#include <string_view>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"

namespace greenwave {

/// A device's stable position in its cluster, from 0 to 1: the first 8 bytes of
///
///     SHA-256("greenwave-wave\n" + salt + "\n" + device)
///
/// as a big-endian number, divided by 2^64. Anyone with a shell can verify it (greenwave.yaml(5) shows how),
/// so this formula must never change.
double wave_position(std::string_view salt, std::string_view device);

/// The device's wave: the first in the list that includes it. Null: it follows the branch.
///
/// A wave of P percent includes the devices whose position is below P/100. So a device stays in when P grows,
/// and a second such wave gets the devices between the two percentages.
const Wave* wave_of(const Cluster& cluster, const Device& device);

/// Later waves whose selector also matches the device, although an earlier one takes it.
std::vector<const Wave*> overlapping_waves(const Cluster& cluster, const Device& device);

/// Reports each pair of waves whose selectors match some of the same devices.
void check_overlaps(const Cluster& cluster, const std::vector<Device>& devices, Problems& problems);

}  // namespace greenwave
