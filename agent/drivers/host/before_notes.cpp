#include "drivers/host/before_notes.h"

#include <algorithm>
#include <set>

namespace greenwave::drivers::host {

BeforeNotes::BeforeNotes(FileContext& context, Parents& parents, const plan::Desired& desired,
                         const Entry* entry, FileRecord& record)
    : context_(context),
      parents_(parents),
      id_(desired.manifest.id),
      record_(record),
      old_(entry != nullptr ? record_from_json(entry->record) : FileRecord()),
      own_(entry, old_) {
  record_.before = old_.before;
  record_.made = old_.made;
  record_.deletes = desired.manifest.on_removal == OnRemoval::remove;
  is_settled_ = entry != nullptr && !entry->intended;
  // An intent keeps the digest of what was applied last.
  const bool is_same_manifest = entry != nullptr && entry->digest == desired.manifest.digest;
  repairs_ = is_same_manifest && old_.attributes == record.attributes;
  record_.has_purged = record_.purge && (old_.has_purged || (is_settled_ && old_.purge));
}

bool BeforeNotes::is_known_ours(const std::string& path) {
  if (own_.has(path) || context_.holdings.is_made(path)) return true;
  const auto* other = context_.holdings.other(path, id_);
  if (other == nullptr) return false;
  const auto& [record, own] = context_.holdings.holding(*other);
  if (const auto was = record.before.find(path); was != record.before.end()) {
    record_.before.insert(*was);
    return true;
  }
  return own.has(path);
}

void BeforeNotes::file(const std::string& path, bool there, bool same) {
  if (!record_.before.contains(path)) {
    if (!there) {
      const bool is_kept = context_.holdings.is_kept_by_other(path, id_) || context_.kept.has(parents_, path);
      if (is_kept) keep(path);
      return;
    }
    const bool ours = is_known_ours(path);
    if (!record_.before.contains(path)) {
      if (ours || record_.deletes) return;
      keep(path);
      if (same && !context_.kept.has(parents_, path)) record_.before[path] = {Before::Kind::same};
      return;
    }
  }
  auto& kind = record_.before[path].kind;
  if (kind == Before::Kind::purged) kind = Before::Kind::kept;
  if (kind != Before::Kind::same || same) return;
  if (!there) {
    record_.before.erase(path);  // somebody removed it: what is made again is ours
  } else if (!repairs_) {
    kind = Before::Kind::kept;
  }
}

void BeforeNotes::directory(const std::string& path, const struct stat* there) {
  const auto known = record_.before.find(path);
  if (known != record_.before.end()) {
    if (known->second.kind != Before::Kind::attributes) known->second.kind = Before::Kind::kept;
    return;
  }
  if (there == nullptr) {
    if (context_.kept.has(parents_, path)) keep(path);
    return;
  }
  if (is_known_ours(path)) {
    // A directory that was made above others may have something of the device's behind it.
    if (!record_.before.contains(path) && context_.kept.has(parents_, path)) keep(path);
    return;
  }
  if (record_.deletes) return;
  if (S_ISDIR(there->st_mode)) {
    record_.before[path] = {Before::Kind::attributes, attributes_of(*there)};
  } else {
    keep(path);
  }
}

void BeforeNotes::purge(const std::string& path) {
  if (path.ends_with(beside_suffix)) return;
  const auto known = record_.before.find(path);
  if (known != record_.before.end()) {
    const bool has_content = known->second.kind != Before::Kind::attributes;
    if (has_content) known->second.kind = Before::Kind::purged;
    return;
  }
  if (is_known_ours(path)) {
    if (const auto other = record_.before.find(path); other != record_.before.end()) {
      if (other->second.kind != Before::Kind::attributes) other->second.kind = Before::Kind::purged;
    }
    return;
  }
  if (!is_first() || record_.deletes) return;
  record_.before[path] = {Before::Kind::purged};
}

/// Whether the directory is there because of an object of ours.
bool BeforeNotes::is_made(const std::string& directory) {
  const auto is_ours = [&](const FileRecord& record, const OwnPaths& own) {
    const auto was = record.before.find(directory);
    return own.has(directory) && (was == record.before.end() || was->second.kind != Before::Kind::attributes);
  };
  if (context_.holdings.is_made(directory) || is_ours(old_, own_)) return true;
  const auto* other = context_.holdings.other(directory, id_);
  if (other == nullptr) return false;
  const auto& [record, own] = context_.holdings.holding(*other);
  return is_ours(record, own);
}

void BeforeNotes::parents() {
  const bool all_there = parents_.find(record_.path).has_value();
  // Nothing is looked up again for an object that stays where it is.
  if (is_settled_ && all_there && old_.path == record_.path) return;
  std::set<std::string> made(record_.made.begin(), record_.made.end());
  for (const auto& parent : parents_of(context_.host, record_.path)) {
    bool ours = is_made(parent);
    if (!ours && !all_there) {
      const auto [known, is_new] = context_.missing.try_emplace(parent, false);
      struct stat about {};
      if (is_new) known->second = !parents_.look(parent, about);
      ours = known->second && !context_.holdings.has_attributes(parent);
    }
    if (ours) made.insert(parent);
  }
  record_.made.assign(made.begin(), made.end());
}

bool is_to_be_set_aside(const Entry* entry, const std::string& path) {
  if (entry == nullptr || entry->intended) return true;
  const auto record = record_from_json(entry->record);
  const auto was = record.before.find(path);
  return was == record.before.end() ||
         (was->second.kind != Before::Kind::kept && was->second.kind != Before::Kind::purged);
}

}  // namespace greenwave::drivers::host
