#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "drivers/podman/service.h"
#include "model/entry.h"

namespace greenwave::drivers::podman {

/// The lines of what podman answers to GET containers/NAME/logs: frames of eight bytes (stream, three zeros,
/// the length in network order) and a text each. Reads what can be read. Pure.
std::vector<std::string> read_log(std::string_view frames);

/// The current details of a workload, beyond its entry, for people: {"containers": [{name, state,
/// restarts, image, digest, ports, health, ready, unready}], "log": [line, …]}, of a CronJob the last run's.
/// Empty for objects that do not run. `unready` is the probes' board.
nlohmann::json describe(Service& service, const Entry& entry,
                        const std::map<std::string, std::string>& unready);

}  // namespace greenwave::drivers::podman
