#include "render/kustomize/field_path.h"

#include <span>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::render::kustomize {

namespace {

class FieldWalk {
 public:
  FieldWalk(Made made, const Place& place, Problems& problems, const std::function<void(yaml::Node&)>& visit)
      : made_(made), place_(place), problems_(problems), visit_(visit) {}

  void go(yaml::Node& node, std::span<const std::string> path) {
    if (path.empty()) return visit_(node);
    if (node.is_null()) return;
    if (auto* items = node.sequence()) {
      for (auto& item : *items) go(item, path);
    } else if (node.is_map()) {
      into(node, path);
    } else {
      problems_.error(node.place, fmt::format("{} should be in here, but this is {}", printable(path.front()),
                                              kind_of(node)));
    }
  }

 private:
  void into(yaml::Node& map, std::span<const std::string> path) {
    std::string_view name = path.front();
    const bool of_list = name.ends_with("[]");
    if (of_list) name.remove_suffix(2);
    if (name == "*") {
      problems_.error(place_, "a field has no * for all members", "write a field for each");
      return;
    }
    auto* member = map.find(name);
    const bool make = made_ != Made::nothing && !of_list;
    if (make && (member == nullptr || member->is_null())) {
      const bool is_text = path.size() == 1 && made_ == Made::text;
      yaml::Node fresh;
      fresh.place = place_;
      if (is_text) {
        fresh.value = std::string();
      } else {
        fresh.value = yaml::Node::Map{};
      }
      yaml::set(map, std::string(name), std::move(fresh));
      member = map.find(name);
    }
    if (member == nullptr) return;
    if (of_list && member->is_null()) member->value = yaml::Node::Sequence{};
    go(*member, path.subspan(1));
  }

  Made made_;
  const Place& place_;
  Problems& problems_;
  const std::function<void(yaml::Node&)>& visit_;
};

}  // namespace

std::vector<std::string> split_path(std::string_view path, char separator) {
  auto parts = split(path, separator);
  if (parts.size() > 1 && parts.front().empty()) parts.erase(parts.begin());
  std::vector<std::string> names;
  for (const auto part : parts) {
    if (!names.empty() && names.back().ends_with('\\')) {
      names.back().back() = separator;
      names.back() += part;
    } else {
      names.emplace_back(part);
    }
  }
  return names;
}

void each_at(yaml::Node& node, const std::vector<std::string>& path, Made made, const Place& place,
             Problems& problems, const std::function<void(yaml::Node&)>& visit) {
  FieldWalk(made, place, problems, visit).go(node, path);
}

}  // namespace greenwave::render::kustomize
