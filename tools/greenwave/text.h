#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "context/style.h"
#include "daemon/status.h"
#include "state/history.h"

namespace greenwave::cli {

/// Output for people. Pure functions; bytes from a repository or a device are made printable.

/// One screen: the state of the device, and how to fix what is wrong.
std::string status_text(const daemon::Status& status, Time now, const Style& style);

/// One line of evidence (state/evidence.h), in one line.
std::string audit_text(const nlohmann::json& line);

/// Newest first.
std::string history_text(const std::vector<state::SyncRecord>& syncs, Time now, const Style& style);

/// Formats GET /v1/diff.
std::string diff_text(const nlohmann::json& diff, const Style& style);

/// Formats only {"changes": [{verb, object, diff}]}.
std::string change_list_text(const nlohmann::json& diff, const Style& style);

/// Formats GET /v1/objects/NAME: everything known about each object.
std::string objects_text(const nlohmann::json& objects, const Style& style);
/// Formats GET /v1/objects, one line per object.
std::string object_list_text(const nlohmann::json& objects, const Style& style);

}  // namespace greenwave::cli
