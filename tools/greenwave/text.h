#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "state/history.h"
#include "style.h"
#include "sync/status.h"

namespace greenwave::cli {

/// What the commands show to people. Pure: the same values give the same text. Bytes that came from a
/// repository or a device are made printable.

/// One screen: how the device is, and what to do about what is wrong.
std::string status_text(const sync::Status& status, Time now, const Style& style);

/// Newest first.
std::string history_text(const std::vector<state::SyncRecord>& syncs, Time now, const Style& style);

/// Of GET /v1/diff.
std::string diff_text(const nlohmann::json& diff, const Style& style);

/// Of {"changes": [{verb, object, diff}]} alone.
std::string change_list_text(const nlohmann::json& diff, const Style& style);

/// Of GET /v1/objects/NAME: everything known of each object.
std::string objects_text(const nlohmann::json& objects, const Style& style);
/// Of GET /v1/objects: a line each.
std::string object_list_text(const nlohmann::json& objects, const Style& style);

}  // namespace greenwave::cli
