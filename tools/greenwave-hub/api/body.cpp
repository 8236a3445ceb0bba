#include "api/body.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

Body::Body(std::string_view text) : json_(nlohmann::json::object()) {
  if (trim(text).empty()) return;
  json_ = nlohmann::json::parse(text, nullptr, false);
  if (!json_.is_object()) throw Error(Fault::invalid, "the body is not a JSON object", "see /openapi.json");
}

const nlohmann::json* Body::find(const char* key) {
  read_.emplace_back(key);
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string Body::raw_text(const char* key, std::size_t most) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  const bool fits = member->is_string() && member->get_ref<const std::string&>().size() <= most;
  if (!fits) throw Error(Fault::invalid, fmt::format("{} is no text of at most {} bytes", key, most));
  return member->get<std::string>();
}

std::string Body::text(const char* key, std::size_t most) {
  auto raw = raw_text(key, most);
  if (printable(raw) != raw) throw Error(Fault::invalid, fmt::format("{} is not one line of text", key));
  return raw;
}

std::vector<std::string> Body::texts(const char* key, std::size_t most) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  const auto refuse = [&] {
    throw Error(Fault::invalid, fmt::format("{} is no list of at most {} lines of text", key, most));
  };
  if (!member->is_array() || member->size() > most) refuse();
  std::vector<std::string> values;
  for (const auto& one : *member) {
    const auto* value = one.get_ptr<const std::string*>();
    if (value == nullptr || value->size() > 500 || printable(*value) != *value) refuse();
    values.push_back(*value);
  }
  return values;
}

std::string Body::required_text(const char* key, std::size_t most) {
  auto value = text(key, most);
  if (value.empty()) throw Error(Fault::invalid, fmt::format("{} is missing", key));
  return value;
}

std::int64_t Body::integer(const char* key, std::int64_t otherwise, std::int64_t least, std::int64_t most) {
  const auto* member = find(key);
  if (member == nullptr) return otherwise;
  const auto value = member->is_number_integer() ? member->get<std::int64_t>() : least - 1;
  if (value < least || value > most) {
    throw Error(Fault::invalid, fmt::format("{} is not a whole number from {} to {}", key, least, most));
  }
  return value;
}

void Body::done() const {
  for (const auto& [key, value] : json_.items()) {
    if (std::ranges::find(read_, key) != read_.end()) continue;
    const auto near = nearest(key, read_);
    throw Error(Fault::invalid, fmt::format("there is no member \"{}\"", in_one_line(key, 60)),
                near.empty() ? fmt::format("its members are {}", fmt::join(read_, ", "))
                             : fmt::format("did you mean {}?", near));
  }
}

}  // namespace greenwave::hub
