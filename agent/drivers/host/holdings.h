#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "drivers/host/file_record.h"
#include "model/entry.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// What the Files and Directories of the inventory have on the device, looked up by path. Each index is made
/// when it is first asked for. The entries must outlive it.
class Holdings {
 public:
  explicit Holdings(std::span<const Entry> inventory);

  /// Another entry that claims `path` or has a file there; null: none.
  const Entry* other(const std::string& path, const ObjectId& than);
  /// The paths below `directory` where other entries have something, or set something aside.
  std::set<std::string> others_below(const std::string& directory, const ObjectId& than);

  /// What an entry says of its paths.
  struct Holding {
    FileRecord record;
    OwnPaths own;
  };
  const Holding& holding(const Entry& entry);

  /// Whether another entry has set aside what the device had at `path`.
  bool is_kept_by_other(const std::string& path, const ObjectId& than);

  /// Whether `directory` was made since it was missing above an object's path; not counting that of `but`.
  bool is_made(const std::string& directory, const ObjectId* but = nullptr);
  /// The path of another entry's file or directory with this inode; nothing: none.
  struct Place {
    const Entry* entry;
    std::string path;
  };
  std::optional<Place> at_inode(std::uint64_t device, std::uint64_t inode, const ObjectId& but);

  /// Whether `directory` is the device's, and an entry has purged or changed it.
  bool has_attributes(const std::string& directory);

  /// The object `id` puts something at `path` in this pass, where it had nothing: what the device had there
  /// is not given back by those whose turn is later.
  void place(const std::string& path, const ObjectId& id) {
    if (!entries_.empty()) placed_.insert_or_assign(path, id);
  }
  /// Whether another object has.
  bool is_placed(const std::string& path, const ObjectId& than) const;

  /// The object has been applied in this pass: its entry is out of date.
  void note_applied(const ObjectId& id) { applied_.insert(id); }
  bool is_applied(const ObjectId& id) const { return applied_.contains(id); }

  /// What its entry says of directories that were made above its path is out of date.
  void forget_made(const ObjectId& id) { moved_.insert(id); }
  /// The entry has nothing on the device any more.
  void forget(const ObjectId& id) { gone_.insert(id); }

 private:
  std::vector<const Entry*> entries_;
  std::unordered_multimap<std::string_view, const Entry*> by_path_;
  std::unordered_multimap<std::uint64_t, std::pair<const Entry*, const FileSignature*>> by_inode_;
  std::unordered_multimap<std::string, const Entry*> made_;
  std::unordered_map<const Entry*, Holding> holdings_;
  std::unordered_set<ObjectId> gone_;
  std::unordered_set<ObjectId> moved_;
  std::unordered_set<ObjectId> applied_;
  std::unordered_map<std::string, ObjectId> placed_;
  bool has_paths_ = false;
  bool has_inodes_ = false;
  bool has_made_ = false;
};

/// The paths that the objects of a render are to have. The objects must outlive it.
class Claimed {
 public:
  explicit Claimed(std::span<const plan::Desired> desired) : desired_(desired) {}

  /// Those are not applied.
  void leave_out(std::span<const ObjectId> refused) { refused_.insert(refused.begin(), refused.end()); }

  /// Whether an object has its place at `path`.
  bool has(const std::string& path);
  /// Whether what the device had at `path`, a directory or not, has to stay away for them: they need a
  /// directory there, or purge it. A file makes way for a file without a gap.
  bool are_in_the_way(const std::string& path, bool is_directory);
  /// The mode that a Directory at `path` is to have; nothing: there is none.
  std::optional<mode_t> directory_mode(std::string_view path);

 private:
  void read();

  std::span<const plan::Desired> desired_;
  std::unordered_set<ObjectId> refused_;
  std::unordered_set<std::string_view> claims_;
  std::unordered_set<std::string_view> parents_;
  std::unordered_map<std::string_view, mode_t> directories_;  ///< of the claims, those of Directories
  std::unordered_set<std::string_view> purges_;
  bool has_read_ = false;
};

}  // namespace greenwave::drivers::host
