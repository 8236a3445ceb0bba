#include "drivers/host/removal.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "drivers/host/replacement.h"
#include "drivers/host/tree_copy.h"
#include "drivers/host/walk.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::host {

namespace {

std::string parent_path(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// Such a directory exists only for what is in it, as systemctl makes and removes it.
bool is_for_drop_ins(const std::string& directory) {
  return directory.ends_with(".d") && parent_path(directory) == systemd::unit_directory;
}

}  // namespace

Removal::Removal(FileContext& context, const Entry& entry, Parents& parents, DirectorySync& touched)
    : context_(context),
      entry_(entry),
      record_(record_from_json(entry.record)),
      own_(&entry, record_),
      others_(context.render, entry.id),
      parents_(parents),
      touched_(touched) {}

void Removal::all() {
  for (const auto& path : paths_of(entry_, record_)) take_back(path);
  remove_made();
  context_.holdings.forget(entry_.id);
}

void Removal::take_back(const std::string& path) {
  if (is_others(path)) return;
  remove_leftover(parents_, path);
  const bool ours = own_.has(path);
  const auto was = record_.before.find(path);
  if (was == record_.before.end()) {
    if (ours) clear(path);
    return;
  }
  const auto kind = was->second.kind;
  if (record_.deletes && kind != Before::Kind::attributes) {
    context_.kept.drop(parents_, path);
    if (kind != Before::Kind::purged) clear(path);
    return;
  }
  switch (kind) {
    case Before::Kind::same:
      return;
    case Before::Kind::attributes:
      restore_directory(path, was->second.attributes, ours);
      return;
    case Before::Kind::kept:
    case Before::Kind::purged:
      give_back(path, kind, ours);
      return;
  }
}

bool Removal::is_others(const std::string& path) {
  if (others_.has_only_begun(path) && is_as_we_left_it(path)) return false;
  if (left_.is_left(others_, path) || context_.holdings.is_placed(path, entry_.id)) return true;
  return context_.render.places == nullptr && context_.holdings.other(path, entry_.id) != nullptr;
}

bool Removal::is_as_we_left_it(const std::string& path) {
  const auto known = std::ranges::find(entry_.files, path, &FileSignature::path);
  struct stat about {};
  if (known == entry_.files.end() || !parents_.look(path, about)) return false;
  return known->content.is_zero() ? S_ISDIR(about.st_mode) : same_lstat(*known, about);
}

/// Leaves a directory to another Directory that has it in its source, with the mode and owner which that one
/// wants. False: there is no such one.
bool Removal::hand_over(const std::string& path) {
  const auto* other = context_.holdings.other(path, entry_.id);
  if (other == nullptr || other->id.kind != "Directory") return false;
  // One that was applied in this pass has seen to it itself.
  const bool is_applied = context_.holdings.is_applied(other->id);
  if (!is_applied) {
    make_directory(parents_, path, context_.holdings.holding(*other).record.attributes, touched_);
  }
  return true;
}

void Removal::give_back(const std::string& path, Before::Kind kind, bool ours) {
  const auto kept = context_.kept.find(parents_, path);
  if (!kept) {
    // After a power cut it is back already, or was never set aside.
    if (entry_.intended || kind == Before::Kind::purged || !ours) return;
    clear(path);
    notes_.push_back(fmt::format("what was kept of {} is gone", printable(path)));
    return;
  }
  if (context_.claimed.are_in_the_way(path, S_ISDIR(kept->about.st_mode))) {
    if (ours) clear(path);
    return;
  }
  struct stat about {};
  if (parents_.look(path, about)) {
    const bool theirs = kind == Before::Kind::purged && !ours;
    const bool makes_way = S_ISDIR(about.st_mode) || S_ISDIR(kept->about.st_mode);
    if (theirs || (makes_way && !clear(path))) {
      // Who else is there gives it back then.
      if (!context_.holdings.is_kept_by_other(path, entry_.id)) leave(path);
      return;
    }
  }
  context_.kept.give_back(parents_, path, touched_);
}

void Removal::restore_directory(const std::string& path, const Attributes& attributes, bool ours) {
  struct stat about {};
  const bool there = parents_.look(path, about);
  if (!there && !record_.purge) return;
  if (there && !S_ISDIR(about.st_mode)) {
    if (!ours) return;
    clear(path);
  }
  if (!there || !hand_over(path)) make_directory(parents_, path, attributes, touched_);
}

void Removal::leave(const std::string& path) {
  notes_.push_back(fmt::format("{} is in use, and what was there before is in {}", printable(path),
                               context_.kept.leave(parents_, path)));
}

bool Removal::clear(const std::string& path) {
  struct stat about {};
  if (!parents_.look(path, about)) return true;
  if (!S_ISDIR(about.st_mode)) {
    remove_file(parents_, path, touched_);
    return true;
  }
  if (record_.attributes.type != S_IFDIR) {
    notes_.push_back(fmt::format("kept {}, which is a directory now", path));
    return false;
  }
  if (remove_directory(path)) return true;
  if (!hand_over(path)) stayed_.push_back(path);
  return false;
}

/// Only an empty one: others may have put something there.
bool Removal::remove_directory(const std::string& path) {
  const auto at = parents_.find(path);
  if (!at) return true;
  if (::unlinkat(at->directory, at->name.c_str(), AT_REMOVEDIR) != 0) {
    if (errno == ENOENT) return true;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOTDIR) return false;
    throw path_error("remove", path);
  }
  touched_.add(at->directory);
  return true;
}

void Removal::remove_made() {
  context_.holdings.forget_made(entry_.id);
  for (auto made = record_.made.rbegin(); made != record_.made.rend(); ++made) {
    // Who has yet to come makes it again: it may never come.
    const bool needed = others_.at(*made) != nullptr || context_.holdings.is_made(*made, &entry_.id);
    if (needed) continue;
    if (!remove_directory(*made)) return;
    const auto kept = context_.kept.find(parents_, *made);
    if (!kept || context_.claimed.are_in_the_way(*made, S_ISDIR(kept->about.st_mode))) continue;
    context_.kept.give_back(parents_, *made, touched_);
  }
  // It may have been made for a SystemdUnit, which has left it to this file.
  const auto around = parent_path(record_.path);
  if (is_for_drop_ins(around) && others_.at(around) == nullptr) remove_directory(around);
}

std::string Removal::note() const {
  auto notes = notes_;
  if (!stayed_.empty()) {
    notes.push_back(fmt::format("kept {}, which holds what is not ours", fmt::join(stayed_, ", ")));
  }
  if (notes.empty()) return left_.in_words();
  return fmt::format("{}", fmt::join(notes, ", "));
}

std::vector<std::string> paths_of(const Entry& entry, const FileRecord& record) {
  std::set<std::string> paths;
  for (const auto& file : entry.files) paths.insert(file.path);
  for (const auto& name : record.creates) paths.insert(record.path + "/" + name);
  for (const auto& [path, was] : record.before) paths.insert(path);
  if (!never_touched(entry, record)) paths.insert(record.path);
  return {paths.rbegin(), paths.rend()};
}

void make_directory(Parents& parents, const std::string& path, const Attributes& wanted,
                    DirectorySync& touched) {
  const auto at = parents.make(path);
  const bool fresh = ::mkdirat(at.directory, at.name.c_str(), 0700) == 0;
  if (!fresh && errno != EEXIST) throw path_error("make the directory", path);
  if (fresh) touched.add(at.directory);
  struct stat about {};
  const Fd fd(::openat(at.directory, at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd || ::fstat(fd.get(), &about) != 0) {
    if (errno == ENOTDIR && parents.look(path, about)) throw not_a_directory(path, about);
    throw path_error("open the directory", path);
  }
  if (attribute_difference(wanted, about).empty()) return;
  // One that was made just now has nothing in it, or somebody has put another one there.
  if (!fresh || !names_in(fd.get(), path).empty()) refuse_stranger(parents.host(), at.directory, about, path);
  const uid_t uid = wanted.uid.value_or(about.st_uid);
  const gid_t gid = wanted.gid.value_or(about.st_gid);
  if ((uid != about.st_uid || gid != about.st_gid) && ::fchown(fd.get(), uid, gid) != 0) {
    throw path_error("set the owner of", path);
  }
  if (::fchmod(fd.get(), wanted.mode) != 0) throw path_error("set the mode of", path);
  touched.add(fd.get());
}

Error not_a_directory(const std::string& path, const struct stat& about) {
  return Error(
      Fault::conflict,
      fmt::format("{} is a {}, where a directory should be", path, S_ISLNK(about.st_mode) ? "link" : "file"),
      "remove it, or choose another path");
}

}  // namespace greenwave::drivers::host
