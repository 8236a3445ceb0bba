#include "drivers/kubernetes/answer.h"

#include <algorithm>

#include "base/error.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;

constexpr int most_depth = 100;
constexpr std::size_t most_causes = 100;

[[noreturn]] void refuse() {
  throw Error(Fault::transient, "the API server's response cannot be read",
              "check that the address leads to a Kubernetes API server, and not to a proxy's page");
}

}  // namespace

json parse_answer(std::string_view body) {
  return parse_list(body, {});
}

json parse_list(std::string_view body, const std::function<void(const json&)>& take) {
  bool in_items = false;
  const json::parser_callback_t watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > most_depth) refuse();
    if (!take) return true;
    if (event == json::parse_event_t::key && depth == 1) in_items = value == "items";
    if (in_items && event == json::parse_event_t::object_end && depth == 2) {
      take(value);
      return false;
    }
    return true;
  };
  try {
    return json::parse(body, watch);
  } catch (const json::exception&) {
    refuse();
  }
}

const json& at(const json& value, std::initializer_list<std::string_view> keys) {
  static const json nothing;
  const auto* found = &value;
  for (const auto key : keys) {
    if (!found->is_object()) return nothing;
    const auto member = found->find(key);
    if (member == found->end()) return nothing;
    found = &*member;
  }
  return *found;
}

std::string text_at(const json& value, std::initializer_list<std::string_view> keys) {
  const auto& found = at(value, keys);
  return found.is_string() ? found.get<std::string>() : std::string();
}

bool Status::has_cause(std::string_view wanted) const {
  return std::ranges::any_of(causes, [wanted](const Cause& cause) { return cause.reason == wanted; });
}

Status read_status(std::string_view body) {
  Status status;
  json answer;
  try {
    answer = parse_answer(body);
  } catch (const Error&) {
    return status;
  }
  if (text_at(answer, {"kind"}) != "Status") return status;
  status.is_status = true;
  status.reason = text_at(answer, {"reason"});
  status.message = text_at(answer, {"message"});
  for (const auto& cause : at(answer, {"details", "causes"})) {
    if (status.causes.size() == most_causes) break;
    status.causes.push_back(
        {text_at(cause, {"reason"}), text_at(cause, {"message"}), text_at(cause, {"field"})});
  }
  const auto& seconds = at(answer, {"details", "retryAfterSeconds"});
  if (seconds.is_number_integer()) {
    status.retry_after = std::chrono::seconds(std::clamp<std::int64_t>(seconds.get<std::int64_t>(), 0, 3600));
  }
  return status;
}

bool is_refusal(const http::Response& response) {
  const auto status = read_status(response.body);
  return response.status == 500 && status.is_status && status.reason.empty() &&
         status.retry_after == Duration::zero();
}

Fault fault_of(const http::Response& response, bool fixed) {
  const auto status = read_status(response.body);
  switch (response.status) {
    case 401:
    case 408:
    case 429:
      return Fault::transient;
    case 403:
      return status.has_cause("NamespaceTerminating") ? Fault::transient : Fault::invalid;
    case 409: {
      const bool two_writers = (status.reason == "Conflict" || status.reason == "AlreadyExists") &&
                               status.causes.empty() && !fixed;
      return two_writers ? Fault::transient : Fault::conflict;
    }
    default:
      break;
  }
  return response.status < 500 || is_refusal(response) ? Fault::invalid : Fault::transient;
}

}  // namespace greenwave::drivers::kubernetes
