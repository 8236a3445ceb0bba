#include "fleet/reading.h"

#include <vector>

#include "base/error.h"
#include "base/listed.h"
#include "base/text.h"
#include "model/commit_id.h"

namespace greenwave::fleet {

namespace {

const nlohmann::json* find(const nlohmann::json& json, const char* key) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

}  // namespace

std::string raw_text_in(const nlohmann::json& json, const char* key) {
  const auto* found = find(json, key);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::string text_in(const nlohmann::json& json, const char* key) {
  return printable(raw_text_in(json, key));
}

std::size_t count_in(const nlohmann::json& json, const char* key) {
  const auto* found = find(json, key);
  const bool counts = found != nullptr && found->is_number_integer() && *found >= 0;
  return counts ? found->get<std::size_t>() : 0;
}

bool flag_in(const nlohmann::json& json, const char* key) {
  const auto* found = find(json, key);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::optional<Time> time_in(const nlohmann::json& json, const char* key) {
  const auto text = raw_text_in(json, key);
  if (text.empty()) return {};
  try {
    return from_iso(text);
  } catch (const Error&) {
    return {};
  }
}

const nlohmann::json& list_in(const nlohmann::json& json, const char* key) {
  static const auto none = nlohmann::json::array();
  const auto* found = find(json, key);
  return found != nullptr && found->is_array() ? *found : none;
}

const nlohmann::json& map_in(const nlohmann::json& json, const char* key) {
  static const auto none = nlohmann::json::object();
  const auto* found = find(json, key);
  return found != nullptr && found->is_object() ? *found : none;
}

std::string commit_in(const nlohmann::json& json, const char* key) {
  const CommitId commit(raw_text_in(json, key));
  return commit.empty() ? "-" : cli::short_id(commit);
}

std::string ago_in(const nlohmann::json& json, const char* key, Time now) {
  const auto time = time_in(json, key);
  return time ? cli::relative(*time, now) : "never";
}

std::string names_in(const nlohmann::json& json, const char* key, std::size_t total) {
  std::vector<std::string> names;
  for (const auto& one : list_in(json, key)) {
    if (one.is_string()) names.push_back(printable(one.get_ref<const std::string&>()));
  }
  auto text = listed(names, names.size());
  if (total > names.size()) text += " and " + std::to_string(total - names.size()) + " more";
  return text;
}

bool is_trouble(std::string_view state) {
  return state == "failed" || state == "reverted" || state == "not-reporting";
}

cli::Paint paint_of_state(std::string_view state) {
  if (state == "in-sync") return cli::Paint::good;
  if (state == "failed" || state == "reverted") return cli::Paint::bad;
  return state == "not-reporting" ? cli::Paint::caution : cli::Paint::strong;
}

}  // namespace greenwave::fleet
