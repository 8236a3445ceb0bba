#include "drivers/workload/pod_field.h"

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

std::string below(const std::string& path, std::string_view key) {
  if (key.find_first_of("./") != key.npos) return fmt::format("{}[{}]", path, printable(key));
  return fmt::format("{}{}{}", path, path.empty() ? "" : ".", printable(key));
}

}  // namespace

PodField PodField::operator[](std::string_view key) const {
  return {node != nullptr ? node->find(key) : nullptr, below(path, key)};
}

std::vector<PodField> PodField::items() const {
  std::vector<PodField> found;
  for (const auto& item : yaml::items_in(node)) {
    found.push_back({&item, fmt::format("{}[{}]", path, found.size())});
  }
  return found;
}

std::vector<std::pair<std::string_view, PodField>> PodField::members() const {
  std::vector<std::pair<std::string_view, PodField>> found;
  if (node == nullptr || !node->is_map()) return found;
  for (const auto& [key, place, value] : *node->map()) {
    found.emplace_back(key, PodField{&value, below(path, key)});
  }
  return found;
}

}  // namespace greenwave::drivers::workload
