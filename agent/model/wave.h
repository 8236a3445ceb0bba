#pragma once

#include <string_view>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"

namespace greenwave {

/// A device's stable place in its cluster, from 0 to 1: the first 8 bytes of
///
///     SHA-256("greenwave-wave\n" + salt + "\n" + device)
///
/// as a big-endian number over 2^64. Whoever has a shell can check it (greenwave.yaml(5) shows how), so what
/// goes in here may never change.
double wave_position(std::string_view salt, std::string_view device);

/// The wave that the device is in: the first of the list that has it. Null: it follows the branch.
///
/// A wave of P percent has the devices whose position is below P/100, so that the same devices stay in when P
/// grows, and a second such wave has those between the two.
const Wave* wave_of(const Cluster& cluster, const Device& device);

/// Later waves whose selector has the device as well, which it therefore isn't in.
std::vector<const Wave*> overlapping_waves(const Cluster& cluster, const Device& device);

/// Reports each pair of waves whose selectors share some of the devices.
void check_overlaps(const Cluster& cluster, const std::vector<Device>& devices, Problems& problems);

}  // namespace greenwave
