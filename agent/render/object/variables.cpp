#include "render/object/variables.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::render {

namespace {

using yaml::opening;

/// Whether one letter is wrong, too many or too few, or two are swapped.
bool is_slip(std::string_view written, std::string_view word) {
  const auto [differs, _] = std::ranges::mismatch(written, word);
  const auto same = static_cast<std::size_t>(differs - written.begin());
  written.remove_prefix(same);
  word.remove_prefix(same);
  while (!written.empty() && !word.empty() && written.back() == word.back()) {
    written.remove_suffix(1);
    word.remove_suffix(1);
  }
  const bool swapped =
      written.size() == 2 && word.size() == 2 && written[0] == word[1] && written[1] == word[0];
  return swapped || std::max(written.size(), word.size()) == 1;
}

/// "device" or "cluster", for a variable that begins with (nearly) that; empty: the variable is not ours.
std::string_view root_of(std::string_view after_opening) {
  const auto dot = after_opening.find_first_of(".}\n \t");
  if (dot == std::string_view::npos || after_opening[dot] != '.') return {};
  const auto written = after_opening.substr(0, dot);
  for (const std::string_view root : {"device", "cluster"}) {
    if (written == root || is_slip(written, root)) return root;
  }
  return {};
}

bool is_ours(std::string_view after_opening) {
  return !root_of(after_opening).empty();
}

/// The member called `key`, or the one that its dots lead to. The longest prefix wins, so that a label called
/// "a.b" is found before the member b of a map a.
const yaml::Node* descend(const yaml::Node& map, std::string_view key) {
  if (const auto* member = map.find(key)) return member;
  for (auto dot = key.rfind('.'); dot != std::string_view::npos && dot > 0; dot = key.rfind('.', dot - 1)) {
    const auto* member = map.find(key.substr(0, dot));
    if (member == nullptr || !member->is_map()) continue;
    if (const auto* found = descend(*member, key.substr(dot + 1))) return found;
  }
  return nullptr;
}

std::optional<yaml::Node> copy_of(const yaml::Node* node) {
  if (node == nullptr) return {};
  return *node;
}

std::vector<std::string> keys_of(const yaml::Node& map) {
  std::vector<std::string> keys;
  if (!map.is_map()) return keys;
  for (const auto& member : *map.map()) keys.push_back(member.key);
  return keys;
}

/// Variables whose last part is up to the city.
struct Family {
  std::string_view prefix;
  std::string_view remedy;  ///< for a missing key
};

constexpr Family label_family{
    "device.labels.", "this device has no such label: give it one, or select only devices that have it"};
constexpr Family property_family{"device.properties.",
                                 "the device's Feature in the inventory has no such property: add it"};
constexpr Family var_family{"cluster.vars.", "add it to spec.vars of greenwave.yaml"};

/// In memory, roughly.
std::size_t size_of(const yaml::Node& node) {
  auto size = sizeof(yaml::Node);
  if (const auto* text = node.string()) size += text->size();
  if (const auto* items = node.sequence()) {
    for (const auto& item : *items) size += size_of(item);
  }
  if (const auto* members = node.map()) {
    for (const auto& member : *members) size += member.key.size() + size_of(member.value);
  }
  return size;
}

std::optional<std::string> text_of(const yaml::Node& node) {
  if (const auto* text = node.string()) return *text;
  if (const auto* flag = std::get_if<bool>(&node.value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return fmt::to_string(*integer);
  if (const auto* real = std::get_if<double>(&node.value)) return fmt::to_string(*real);
  return {};
}

/// Of a variable in a string: its own, or that of the string.
Place place_in(const yaml::Node& node, std::size_t at) {
  const auto number = yaml::count_openings(std::string_view(*node.string()).substr(0, at));
  auto place = node.place;
  if (node.written != nullptr && number < node.written->openings.size()) {
    place.line = node.written->openings[number].line;
    place.column = node.written->openings[number].column;
  }
  return place;
}

}  // namespace

bool has_variables(std::string_view text) {
  for (auto at = text.find(opening); at != std::string_view::npos; at = text.find(opening, at + 2)) {
    const bool escaped = at > 0 && text[at - 1] == '$';
    if (!escaped && is_ours(text.substr(at + opening.size()))) return true;
  }
  return false;
}

void add_variables(const yaml::Node& node, std::set<std::string>& names) {
  if (const auto* text = node.string()) {
    for (auto at = text->find(opening); at != std::string::npos; at = text->find(opening, at + 2)) {
      const auto name = std::string_view(*text).substr(at + opening.size());
      const bool escaped = at > 0 && (*text)[at - 1] == '$';
      if (escaped || !is_ours(name)) continue;
      names.emplace(name.substr(0, name.find('}')));
    }
  } else if (const auto* items = node.sequence()) {
    for (const auto& item : *items) add_variables(item, names);
  } else if (const auto* members = node.map()) {
    for (const auto& member : *members) add_variables(member.value, names);
  }
}

std::optional<yaml::Node> Variables::value_of(std::string_view name) const {
  const auto key_after = [name](std::string_view prefix) -> std::optional<std::string_view> {
    if (!name.starts_with(prefix) || name.size() == prefix.size()) return {};
    return name.substr(prefix.size());
  };
  if (name == "device.id") return yaml::Node{device_.id, {}};
  if (name == "device.longitude" && device_.in_inventory) return yaml::Node{device_.position.longitude, {}};
  if (name == "device.latitude" && device_.in_inventory) return yaml::Node{device_.position.latitude, {}};
  if (name == "cluster.name" && !cluster_.name.empty()) return yaml::Node{cluster_.name, {}};
  if (const auto key = key_after(label_family.prefix)) {
    const auto label = device_.labels.find(std::string(*key));
    if (label == device_.labels.end()) return {};
    return yaml::Node{label->second, {}};
  }
  if (const auto key = key_after(property_family.prefix)) return copy_of(descend(device_.properties, *key));
  if (const auto key = key_after(var_family.prefix)) return copy_of(descend(cluster_.vars, *key));
  return {};
}

void Variables::report_unknown(std::string_view name, const Place& place, Problems& problems) const {
  std::string meant;
  std::string remedy;
  const auto right = std::string(root_of(name)) + std::string(name.substr(name.find('.')));
  if (value_of(right)) meant = right;
  const auto look_in = [&](const Family& family, const std::vector<std::string>& keys) {
    if (!name.starts_with(family.prefix)) return;
    const auto key = nearest(name.substr(family.prefix.size()), keys);
    if (!key.empty()) meant = std::string(family.prefix) + key;
    remedy = family.remedy;
  };
  std::vector<std::string> labels;
  for (const auto& [key, value] : device_.labels) labels.push_back(key);
  look_in(label_family, labels);
  look_in(property_family, keys_of(device_.properties));
  look_in(var_family, keys_of(cluster_.vars));
  if (remedy.empty()) {
    if (meant.empty())
      meant = nearest(name, {"device.id", "device.longitude", "device.latitude", "cluster.name"});
    remedy =
        "device has id, longitude, latitude, labels.KEY and properties.KEY; cluster has name and vars.KEY";
  }
  if (!meant.empty() && meant != name) {
    remedy = fmt::format("did you mean ${{{}}}?", printable(meant));
  } else if (name.starts_with("device.") && !device_.in_inventory) {
    remedy = "there is no inventory: name one in spec.devices of greenwave.yaml";
  }
  problems.error(place, fmt::format("the variable ${{{}}} is unknown", printable(name)), remedy);
}

bool Variables::replace_in_string(yaml::Node& node, Problems& problems) const {
  const std::string& text = *node.string();
  std::string replaced;
  std::size_t done = 0;
  bool known = true;
  for (auto at = text.find(opening); at != std::string::npos; at = text.find(opening, at)) {
    if (at > done && text[at - 1] == '$') {
      replaced.append(text, done, at - 1 - done);
      replaced += opening;
      done = at += opening.size();
      continue;
    }
    const auto name_at = at + opening.size();
    if (!is_ours(std::string_view(text).substr(name_at))) {
      at = name_at;
      continue;
    }
    const auto end = text.find('}', name_at);
    if (end == std::string::npos) {
      problems.error(place_in(node, at), "a variable is not closed",
                     "end it with }, or write $${ for a literal ${");
      return false;
    }
    const auto name = std::string_view(text).substr(name_at, end - name_at);
    if (inserted_ > most_inserted) return false;
    auto value = value_of(name);
    const bool alone = at == 0 && end + 1 == text.size();
    if (value && alone) {
      if (!has_room_for(size_of(*value), node.place, problems)) return false;
      value->place = node.place;
      node = std::move(*value);
      return true;
    }
    const auto inserted = value ? text_of(*value) : std::nullopt;
    if (!value) {
      report_unknown(name, place_in(node, at), problems);
      known = false;
    } else if (!inserted) {
      problems.error(place_in(node, at),
                     fmt::format("the variable ${{{}}} is {}, which cannot be part of a string",
                                 printable(name), kind_of(*value)),
                     "use the variable on its own, or choose one of its members");
      known = false;
    } else if (!has_room_for(inserted->size(), node.place, problems)) {
      return false;
    } else {
      replaced.append(text, done, at - done);
      replaced += *inserted;
    }
    done = at = end + 1;
  }
  if (!known) return false;
  if (done > 0) {
    replaced.append(text, done);
    node.value = std::move(replaced);
  }
  return true;
}

/// Said once.
bool Variables::has_room_for(std::size_t bytes, const Place& place, Problems& problems) const {
  const bool was_full = inserted_ > most_inserted;
  inserted_ += std::min(bytes, most_inserted + 1);
  if (inserted_ <= most_inserted) return true;
  if (!was_full) {
    problems.error(
        place,
        fmt::format("the variables of this device's manifests come to more than {}, here at the latest",
                    bytes_in_words(most_inserted)),
        "keep what is large in a file of the repository, and name it as a source");
  }
  return false;
}

bool Variables::replace_in(yaml::Node& node, Problems& problems) const {
  if (node.is_string()) return replace_in_string(node, problems);
  bool known = true;
  if (auto* items = node.sequence()) {
    for (auto& item : *items) known = replace_in(item, problems) && known;
  } else if (auto* members = node.map()) {
    for (auto& member : *members) known = replace_in(member.value, problems) && known;
  }
  return known;
}

std::optional<std::string> Variables::replace_in_text(const std::string& text, const Place& place,
                                                      Problems& problems) const {
  yaml::Node node{text, place};
  if (!replace_in_string(node, problems)) return {};
  if (auto replaced = text_of(node)) return replaced;
  problems.error(place,
                 fmt::format("\"{}\" must become a string here, not {}", printable(text), kind_of(node)));
  return {};
}

}  // namespace greenwave::render
