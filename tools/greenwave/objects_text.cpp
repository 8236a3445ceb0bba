#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "text.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t name_width = 12;

std::string plain(const nlohmann::json& value) {
  if (value.is_string()) return printable_lines(value.get<std::string>());
  return printable(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

bool says_nothing(const nlohmann::json& value) {
  if (value.is_structured()) return value.empty();
  return value.is_null() || value == nlohmann::json("") || value == false;
}

/// A map's members as "key value, key value", without empty ones.
std::string members(const nlohmann::json& map) {
  std::string text;
  for (const auto& [key, value] : map.items()) {
    if (says_nothing(value)) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(key), plain(value));
  }
  return text;
}

/// One line of an object's history.
std::string action_text(const nlohmann::json& action) {
  auto text = fmt::format("{} {}", plain(action.value("time", nlohmann::json(""))), action.value("verb", ""));
  if (const auto reason = action.value("reason", ""); !reason.empty()) text += ": " + reason;
  if (const auto was = action.value("was", ""); !was.empty()) text += ", was: " + was;
  if (!action.value("ok", true)) text += ", failed: " + action.value("error", "");
  return text;
}

std::string item_text(const std::string& label, const nlohmann::json& item) {
  if (says_nothing(item)) return {};
  if (label == "actions") return action_text(item);
  return item.is_object() ? members(item) : plain(item);
}

/// A line for each item of a list, and one for anything else; none for what says nothing.
std::string member_text(const std::string& label, const nlohmann::json& value, const Style& style) {
  std::string text;
  const auto items = value.is_array() ? value : nlohmann::json::array({value});
  for (const auto& item : items) {
    const auto words = item_text(label, item);
    if (words.empty()) continue;
    text += fmt::format("  {:<{}}{}\n", text.empty() ? label : "", name_width,
                        wrap(words, name_width + 2, style.width));
  }
  return text;
}

Paint paint_of(const nlohmann::json& object) {
  return object.value("error", "").empty() ? Paint::good : Paint::bad;
}

}  // namespace

std::string objects_text(const nlohmann::json& objects, const Style& style) {
  std::string text;
  for (const auto& object : objects) {
    text += fmt::format("{}{}: {}\n", text.empty() ? "" : "\n",
                        paint(style, Paint::strong, printable(object.value("object", ""))),
                        paint(style, paint_of(object), printable(object.value("state", ""))));
    for (const auto& [key, value] : object.items()) {
      if (key != "object" && key != "state" && key != "actions")
        text += member_text(printable(key), value, style);
    }
    if (const auto actions = object.find("actions"); actions != object.end()) {
      text += member_text("actions", *actions, style);
    }
  }
  return text;
}

std::string object_list_text(const nlohmann::json& objects, const Style& style) {
  if (objects.empty()) return "The agent has not applied any object on this device yet.\n";
  std::size_t longest = 0;
  for (const auto& object : objects)
    longest = std::max(longest, printable(object.value("object", "")).size());
  std::string text;
  for (const auto& object : objects) {
    text += fmt::format("{:<{}}  {}\n", printable(object.value("object", "")), longest,
                        paint(style, paint_of(object), printable(object.value("state", ""))));
  }
  return text;
}

}  // namespace greenwave::cli
