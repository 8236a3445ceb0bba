#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "drivers/podman/service.h"
#include "model/entry.h"

namespace greenwave::drivers::podman {

/// The lines in podman's response to GET containers/NAME/logs, which is a sequence of frames: eight bytes
/// (stream, three zeros, the length in network order), then text. A truncated frame counts as far as it goes.
/// Pure.
std::vector<std::string> read_log(std::string_view frames);

/// The current details of a workload, beyond its entry, for people: {"containers": [{name, state, restarts,
/// image, digest, ports, health, ready, unready}], "log": [line, …]}, for a CronJob, of its last run. Empty
/// for objects that do not run. `unready` is as ProbeBoard::unready returns it.
nlohmann::json describe(Service& service, const Entry& entry,
                        const std::map<std::string, std::string>& unready);

}  // namespace greenwave::drivers::podman
