#include "report/answer.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::report {

namespace {

using nlohmann::json;

constexpr std::size_t longest = 200;
constexpr std::int64_t last_boot = std::int64_t{1} << 52;

Error not_understood(std::string_view what) {
  return {Fault::invalid, fmt::format("the hub's answer is not understood: {}", what),
          "is the hub's URL right, and is the hub as new as the agent?"};
}

json read_object(std::string_view body) {
  if (body.size() > most_chain_bytes) throw not_understood("it is too large");
  auto value = json::parse(body, nullptr, false);
  if (!value.is_object()) throw not_understood("it is no JSON object");
  return value;
}

/// The member of this type; null: it is absent.
const json* member(const json& object, const char* key, json::value_t type) {
  const auto found = object.find(key);
  if (found == object.end()) return nullptr;
  const auto is =
      found->type() == json::value_t::number_unsigned ? json::value_t::number_integer : found->type();
  if (is != type) throw not_understood(fmt::format("{} is of another type", key));
  return &*found;
}

std::string text_in(const json& object, const char* key) {
  const auto* value = member(object, key, json::value_t::string);
  return value == nullptr ? "" : value->get<std::string>();
}

std::string line_in(const json& object, const char* key) {
  return in_one_line(text_in(object, key), longest);
}

}  // namespace

Acknowledgement read_acknowledgement(std::string_view body) {
  const auto answer = read_object(body);
  Acknowledgement read;
  if (const auto* sync = member(answer, "sync", json::value_t::object)) {
    read.sync = {.who = line_in(*sync, "who"), .reason = line_in(*sync, "reason")};
  }
  const auto wanted = text_in(answer, "send");
  if (!wanted.empty() && wanted != "state") throw not_understood("it wants something else than the state");
  read.wants_state = !wanted.empty();
  if (const auto* seconds = member(answer, "heartbeat", json::value_t::number_integer)) {
    read.heartbeat = std::chrono::seconds(std::clamp<std::int64_t>(seconds->get<std::int64_t>(), 60, 3600));
  }
  return read;
}

std::int64_t read_known_boot(std::string_view body) {
  const auto answer = read_object(body);
  const auto* boot = member(answer, "boot", json::value_t::number_integer);
  if (boot == nullptr) throw not_understood("it names no boot");
  // What is greater than all that is signed reads as less than none.
  const auto number = boot->get<std::int64_t>();
  if (number < 0 || number > last_boot) throw not_understood("no device has such a boot");
  return number;
}

bool is_refusal(std::string_view body) {
  const auto answer = json::parse(body.substr(0, most_answer_bytes), nullptr, false);
  return answer.is_object() && answer.contains("error") && answer["error"].is_string();
}

std::string read_refusal(long status, std::string_view body) {
  const auto answer = json::parse(body.substr(0, most_answer_bytes), nullptr, false);
  const auto line = [&](const char* key) {
    const bool has = answer.is_object() && answer.contains(key) && answer[key].is_string();
    return has ? in_one_line(answer[key].get_ref<const std::string&>(), longest) : "";
  };
  const auto error = line("error");
  const auto remedy = line("remedy");
  auto text = fmt::format("the hub answers {}", status);
  if (!error.empty()) text += ": " + error;
  if (!remedy.empty()) text += "; " + remedy;
  return text;
}

Issued read_issued(std::string_view body) {
  const auto answer = read_object(body);
  Issued issued{.certificate = text_in(answer, "certificate"), .city = line_in(answer, "city")};
  if (issued.certificate.empty()) throw not_understood("it has no certificate");
  return issued;
}

Pending read_pending(std::string_view body) {
  const auto answer = read_object(body);
  return {.key = line_in(answer, "key"), .approve = line_in(answer, "approve")};
}

}  // namespace greenwave::report
