#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "daemon/status.h"
#include "model/device.h"
#include "state/history.h"

/// What a hub is told of a device (POST /v1/reports). Nothing goes out that is not listed here: no content of
/// a file, not even of one that everybody may read on the device.
namespace greenwave::report {

/// A hub takes no larger report, in bytes.
inline constexpr std::size_t most_bytes = std::size_t{256} * 1024;
/// A report carries no more records, nor more failed objects, problems and waiting steps.
inline constexpr std::size_t most_listed = 20;
/// Longer texts are cut.
inline constexpr std::size_t longest_text = 500;

/// The member "state": where the device is. Its members are those of `greenwave status -o json`, as far as
/// they are sent, with "condition" (see condition.h), "says" (a sentence), "failedTotal", "waitingTotal",
/// "labels", "bootId" and "bootedMs". What is empty is absent.
nlohmann::json state_of(const daemon::Status& status, const Labels& labels, const BootTime& boot);

/// Equal for two states between which nothing has changed but times, counters of bytes, and the numbers in
/// why a sync could not be done (a connection failed "after 3054 ms").
std::string fingerprint_of(const nlohmann::json& state);

/// An element of "syncs": a record as `greenwave history -o json` has it, without what was there before, and
/// without the address or file that its commit came from.
/// Actions that failed come first where there are too many; "actionsTotal" is their number then.
nlohmann::json record_of(const state::SyncRecord& record);

/// As bytes that are UTF-8, whatever the texts are.
std::string text_of(const nlohmann::json& json);

}  // namespace greenwave::report
