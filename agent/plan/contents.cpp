#include "plan/contents.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "model/paths.h"
#include "plan/places.h"

namespace greenwave::plan {

namespace {

constexpr std::size_t most_names = 50'000;  ///< as in one Directory

/// The claim's path within the object's directory; empty if it is outside.
std::string_view name_in(const Desired& one, std::string_view claim) {
  const auto& claims = one.footprint.claims;
  if (claims.empty() || !claim.starts_with(claims.front())) return {};
  claim.remove_prefix(claims.front().size());
  return claim.starts_with('/') ? claim.substr(1) : std::string_view{};
}

const SourceTree::Item* find(const std::vector<SourceTree::Item>& items, const std::string& name) {
  const auto at = std::ranges::lower_bound(items, name, {}, &SourceTree::Item::name);
  return at != items.end() && at->name == name ? &*at : nullptr;
}

}  // namespace

bool Contents::has_source(const Desired& one) const {
  const auto& [manifest, footprint] = one;
  return tree_ != nullptr && is_directory(manifest.id) && manifest.source && manifest.source->is_directory;
}

Contents::At Contents::at(const Desired& one, std::string_view claim) const {
  if (!has_source(one)) return At::nothing;
  auto at = At::nothing;
  auto path = one.manifest.source->path;
  for (auto name = name_in(one, claim); !name.empty();) {
    const auto slash = name.find('/');
    path = join_path(path, name.substr(0, slash));
    name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
    const auto item = tree_->find(path);
    if (!item) return At::nothing;
    if (item->type != SourceTree::Type::directory) return name.empty() ? At::file : At::below_file;
    at = At::directory;
  }
  return at;
}

std::optional<std::string> Contents::shared(const Desired& outer, const Desired& inner) const {
  if (!has_source(outer) || !has_source(inner)) return {};
  const auto& top = inner.footprint.claims.front();
  const std::string theirs = join_path(outer.manifest.source->path, name_in(outer, top));
  const auto list = [this](const std::string& source, const std::string& below) {
    return tree_->list(below.empty() ? source : join_path(source, below));
  };
  std::size_t seen = 0;
  std::vector<std::string> open{""};
  while (!open.empty() && seen < most_names) {
    const auto below = std::move(open.back());
    open.pop_back();
    const auto items = list(theirs, below);
    for (const auto& item : list(inner.manifest.source->path, below)) {
      ++seen;
      const auto* other = find(items, item.name);
      if (other == nullptr) continue;
      auto name = join_path(below, item.name);
      const bool directories =
          item.type == SourceTree::Type::directory && other->type == SourceTree::Type::directory;
      if (!directories) return top + "/" + name;
      open.push_back(std::move(name));
    }
  }
  return {};
}

}  // namespace greenwave::plan
