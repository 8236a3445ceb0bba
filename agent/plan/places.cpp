#include "plan/places.h"

#include <algorithm>

#include "base/contains.h"

namespace greenwave::plan {

namespace {

using Index = std::map<std::string, std::vector<const ObjectId*>, std::less<>>;

void take_out(Index& index, const std::string& claim, const ObjectId* id) {
  const auto found = index.find(claim);
  if (found == index.end()) return;
  std::erase(found->second, id);
  if (found->second.empty()) index.erase(found);
}

}  // namespace

Places::Places(std::span<const Entry> inventory) {
  for (const auto& entry : inventory) put(entry);
}

void Places::put(const Entry& entry) {
  forget(entry.id);
  if (entry.claims.empty()) return;
  const auto added = objects_.emplace(entry.id, Having{entry.claims, entry.intended, {}, {}}).first;
  const auto* id = &added->first;
  for (const auto& claim : entry.claims) claims_[claim].push_back(id);
  if (entry.intended) {
    for (const auto& file : entry.files) added->second.signed_paths.push_back(file.path);
  }
  if (!is_directory(entry.id)) return;
  auto& files = added->second.files;
  for (const auto& file : entry.files) {
    if (!file.content.is_zero()) files.push_back(std::string(path_claim) + file.path);
  }
  if (files.empty()) return;
  std::ranges::sort(files);
  for (const auto& claim : entry.claims) trees_[claim].push_back(id);
}

void Places::forget(const ObjectId& id) {
  const auto known = objects_.find(id);
  if (known == objects_.end()) return;
  for (const auto& claim : known->second.claims) {
    take_out(claims_, claim, &known->first);
    take_out(trees_, claim, &known->first);
  }
  objects_.erase(known);
}

void Places::yield(const ObjectId& leaving, const ObjectId& successor) {
  successors_[leaving].push_back(successor);
}

bool Places::is_in_the_way(const ObjectId& other, const ObjectId& id) const {
  if (other == id) return false;
  const auto successors = successors_.find(other);
  return successors == successors_.end() || !contains(successors->second, id);
}

std::vector<const ObjectId*> Places::at(std::string_view claim) const {
  std::vector<const ObjectId*> found;
  if (const auto direct = claims_.find(claim); direct != claims_.end()) found = direct->second;
  if (trees_.empty() || !claim.starts_with(path_claim)) return found;
  for (auto above = claim; above.rfind('/') != std::string_view::npos;) {
    above = above.substr(0, above.rfind('/'));
    const auto trees = trees_.find(above);
    if (trees == trees_.end()) continue;
    for (const auto* id : trees->second) {
      if (std::ranges::binary_search(objects_.at(*id).files, claim)) found.push_back(id);
    }
  }
  return found;
}

const ObjectId* Places::other_at(std::string_view claim, const ObjectId& id) const {
  for (const auto* one : at(claim)) {
    if (is_in_the_way(*one, id)) return one;
  }
  return nullptr;
}

const ObjectId* Places::other_at_path(std::string_view path, const ObjectId& id) const {
  return other_at(std::string(path_claim).append(path), id);
}

bool Places::has_only_begun(const ObjectId& id, std::string_view path) const {
  const auto known = objects_.find(id);
  return known != objects_.end() && known->second.intended &&
         std::ranges::find(known->second.signed_paths, path) == known->second.signed_paths.end();
}

std::vector<Places::Held> Places::others_below(std::string_view claim, const ObjectId& id) const {
  std::vector<Held> found;
  const auto prefix = std::string(claim) + "/";
  for (auto one = claims_.lower_bound(prefix); one != claims_.end() && one->first.starts_with(prefix);
       ++one) {
    for (const auto* by : one->second) {
      if (is_in_the_way(*by, id)) found.push_back({one->first, by});
    }
  }
  if (trees_.empty() || !claim.starts_with(path_claim)) return found;
  const auto add_files = [&](const std::vector<const ObjectId*>& trees) {
    for (const auto* by : trees) {
      if (!is_in_the_way(*by, id)) continue;
      const auto& files = objects_.at(*by).files;
      for (auto file = std::ranges::lower_bound(files, prefix); file != files.end(); ++file) {
        if (!file->starts_with(prefix)) break;
        found.push_back({*file, by});
      }
    }
  };
  for (auto above = claim; above.size() > path_claim.size(); above = above.substr(0, above.rfind('/'))) {
    if (const auto trees = trees_.find(above); trees != trees_.end()) add_files(trees->second);
  }
  for (auto one = trees_.lower_bound(prefix); one != trees_.end() && one->first.starts_with(prefix); ++one) {
    add_files(one->second);
  }
  std::ranges::stable_sort(found, {}, &Held::claim);
  return found;
}

std::string claim_in_words(std::string_view claim) {
  std::string words(claim);
  if (const auto colon = words.find(':'); colon != std::string::npos) words[colon] = ' ';
  return words;
}

}  // namespace greenwave::plan
