#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "daemon/agent.h"

namespace greenwave::control {

/// The body and query of a request, which come from outside. The readers check types, names and sizes, and
/// throw Error (invalid) that says what was expected.

struct SyncCall {
  bool force = false;
  bool allow_empty = false;
  bool now = false;
  std::string reason;  ///< set with `now` only
  std::string sudo_user;
};

struct PauseCall {
  Duration duration{};
  std::string reason;
  std::string sudo_user;
};

struct ResumeCall {
  std::string sudo_user;
};

/// The query of a bundle's request: force, allowEmpty, sudoUser.
SyncCall read_bundle(const std::map<std::string, std::string>& query);
/// The bundle's name from the query: one line of text.
std::string read_bundle_name(const std::map<std::string, std::string>& query);
/// {"force": bool, "allowEmpty": bool, "now": bool, "reason": text, "sudoUser": text}; an empty body is an
/// empty object.
SyncCall read_sync(std::string_view body);
/// {"for": "2h", "reason": text, "sudoUser": text}
PauseCall read_pause(std::string_view body);
/// {"sudoUser": text}; an empty body is an empty object.
ResumeCall read_resume(std::string_view body);

/// A whole number from `least` to `most`; `otherwise` for an empty text.
std::size_t read_number(std::string_view name, std::string_view text, std::size_t otherwise,
                        std::size_t least, std::size_t most);

/// "true" or "false"; `otherwise` for an empty text.
bool read_flag(std::string_view name, std::string_view text, bool otherwise);

/// A sync's event as a line of the stream.
nlohmann::json to_json(const sync::Event& event);
sync::Event event_from_json(const nlohmann::json& json);

}  // namespace greenwave::control
