#include "control/request.h"

#include <charconv>
#include <initializer_list>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "state/pause.h"

namespace greenwave::control {

namespace {

constexpr std::size_t longest_reason = 500;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_bundle_name = 200;
constexpr Duration shortest_pause = std::chrono::seconds(1);

std::string one_line(const char* name, const std::string& text, std::size_t longest) {
  if (text.size() > longest) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is longer than {} bytes", name, longest));
  }
  if (text.find_first_of("\r\n") != std::string::npos || !is_text(text)) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is not one line of text", name));
  }
  return std::string(trim(text));
}

std::string value_in(const std::map<std::string, std::string>& query, const char* name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

/// Reads the members of a JSON object by name and type.
class Body {
 public:
  Body(std::string_view text, std::initializer_list<const char*> names) {
    json_ = trim(text).empty() ? nlohmann::json::object()
                               : nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto known = fmt::format("it takes an object with: {}", fmt::join(names, ", "));
    if (json_.is_discarded()) throw Error(Fault::invalid, "the request's body is not JSON", known);
    if (!json_.is_object()) throw Error(Fault::invalid, "the request's body is not a JSON object", known);
    for (const auto& [key, value] : json_.items()) {
      if (!contains(names, key)) {
        throw Error(Fault::invalid,
                    fmt::format("the request's body has an unknown member \"{}\"",
                                printable(key.substr(0, longest_name))),
                    known);
      }
    }
  }

  bool flag(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) return false;
    if (!found->is_boolean()) {
      throw Error(Fault::invalid, fmt::format("\"{}\" is not true or false", name));
    }
    return found->get<bool>();
  }

  std::string text(const char* name, std::size_t longest) const {
    const auto found = json_.find(name);
    if (found == json_.end()) return {};
    if (!found->is_string()) throw Error(Fault::invalid, fmt::format("\"{}\" is not a string", name));
    return one_line(name, found->get<std::string>(), longest);
  }

 private:
  nlohmann::json json_;
};

}  // namespace

SyncCall read_sync(std::string_view body) {
  const Body members(body, {"force", "allowEmpty", "now", "reason", "sudoUser"});
  SyncCall call{.force = members.flag("force"),
                .allow_empty = members.flag("allowEmpty"),
                .now = members.flag("now"),
                .reason = members.text("reason", longest_reason),
                .sudo_user = members.text("sudoUser", longest_name)};
  if (call.now && call.reason.empty()) {
    throw Error(Fault::invalid, "\"reason\" is missing: why the device does not wait for a window",
                "write \"reason\": \"agreed with the traffic desk\"");
  }
  if (!call.now && !call.reason.empty()) {
    throw Error(Fault::invalid, "\"reason\" is only for a sync with \"now\"",
                "remove it, or add \"now\": true");
  }
  return call;
}

SyncCall read_bundle(const std::map<std::string, std::string>& query) {
  const auto flag = [&](const char* name) { return read_flag(name, value_in(query, name), false); };
  return {.force = flag("force"),
          .allow_empty = flag("allowEmpty"),
          .now = false,
          .reason = {},
          .sudo_user = one_line("sudoUser", value_in(query, "sudoUser"), longest_name)};
}

std::string read_bundle_name(const std::map<std::string, std::string>& query) {
  auto name = one_line("name", value_in(query, "name"), longest_bundle_name);
  return name.empty() ? "the bundle" : name;
}

PauseCall read_pause(std::string_view body) {
  const Body members(body, {"for", "reason", "sudoUser"});
  PauseCall call;
  const auto duration = members.text("for", longest_name);
  if (duration.empty()) {
    throw Error(Fault::invalid, "\"for\" is missing: how long to pause", "write \"for\": \"2h\"");
  }
  call.duration = parse_duration(duration);
  if (call.duration < shortest_pause || call.duration > state::longest_pause) {
    throw Error(Fault::invalid, fmt::format("a pause of {} is out of range", to_words(call.duration)),
                "pause for 1s to 7d; a pause can be extended by setting it again");
  }
  call.reason = members.text("reason", longest_reason);
  if (call.reason.empty()) {
    throw Error(Fault::invalid, "\"reason\" is missing: why the device is paused",
                "write \"reason\": \"working in the cabinet\"");
  }
  call.sudo_user = members.text("sudoUser", longest_name);
  return call;
}

ResumeCall read_resume(std::string_view body) {
  return {Body(body, {"sudoUser"}).text("sudoUser", longest_name)};
}

std::size_t read_number(std::string_view name, std::string_view text, std::size_t otherwise,
                        std::size_t least, std::size_t most) {
  if (text.empty()) return otherwise;
  std::size_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
    throw Error(Fault::invalid, fmt::format("{} \"{}\" is not a number from {} to {}", name,
                                            printable(text.substr(0, 20)), least, most));
  }
  return number;
}

bool read_flag(std::string_view name, std::string_view text, bool otherwise) {
  if (text.empty()) return otherwise;
  if (text == "true") return true;
  if (text == "false") return false;
  throw Error(Fault::invalid,
              fmt::format("{} \"{}\" is not true or false", name, printable(text.substr(0, 20))));
}

nlohmann::json to_json(const sync::Event& event) {
  nlohmann::json json{{"kind", event.kind}, {"text", event.text}, {"ok", event.ok}};
  if (!event.object.empty()) json["object"] = event.object;
  if (event.kind == "done") json["exitCode"] = event.exit_code;
  if (event.fetch) json["fetch"] = daemon::to_json(*event.fetch);
  if (event.earlier) json["earlier"] = true;
  return json;
}

sync::Event event_from_json(const nlohmann::json& json) {
  sync::Event event;
  event.kind = json.value("kind", "");
  event.text = json.value("text", "");
  event.object = json.value("object", "");
  event.ok = json.value("ok", true);
  event.exit_code = json.value("exitCode", 0);
  if (json.contains("fetch")) event.fetch = daemon::fetching_from_json(json.at("fetch"));
  event.earlier = json.value("earlier", false);
  return event;
}

}  // namespace greenwave::control
