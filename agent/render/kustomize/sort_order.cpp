#include "render/kustomize/sort_order.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace greenwave::render::kustomize {

namespace {

/// The sort key of an object, most significant first.
struct Key {
  int rank = 0;  ///< of its kind
  std::string kind;
  std::string name;
};

std::string or_else(std::string_view text, std::string_view otherwise) {
  return std::string(text.empty() ? otherwise : text);
}

Key key_of(const yaml::Node& document, const std::unordered_map<std::string, int>& ranks) {
  const auto api_version = text_of(document, "apiVersion");
  const std::string kind(text_of(document, "kind"));
  const auto* metadata = document.find("metadata");
  const auto namespace_ = metadata != nullptr ? text_of(*metadata, "namespace") : std::string_view();
  const auto rank = ranks.find(kind);
  return {rank == ranks.end() ? 0 : rank->second,
          fmt::format("{}_{}_{}", or_else(group_of(api_version), "~G"),
                      or_else(version_of(api_version), "~V"), or_else(kind, "~K")),
          fmt::format("{}|{}", or_else(namespace_, "~X"), or_else(name_of(document), "~N"))};
}

}  // namespace

void sort_objects(std::vector<Object>& objects, const SortOptions& options) {
  if (!options.by_kind) return;
  std::unordered_map<std::string, int> ranks;
  const auto count = static_cast<int>(options.first.size());
  for (int i = 0; i < count; ++i) ranks[options.first[static_cast<std::size_t>(i)]] = i - count;
  int last = 0;
  for (const auto& kind : options.last) ranks[kind] = ++last;

  std::vector<std::pair<Key, Object>> keyed;
  keyed.reserve(objects.size());
  for (auto& object : objects) {
    auto key = key_of(object.document, ranks);
    keyed.emplace_back(std::move(key), std::move(object));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.rank, a.first.kind, a.first.name) <
           std::tie(b.first.rank, b.first.kind, b.first.name);
  });
  objects.clear();
  for (auto& [key, object] : keyed) objects.push_back(std::move(object));
}

}  // namespace greenwave::render::kustomize
