#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/host/file_context.h"
#include "drivers/host/file_record.h"
#include "drivers/host/others.h"

namespace greenwave::drivers::host {

/// Takes what an object has off the device, and gives back what the device had before. Durable after the sync
/// of Kept and of `touched`. May be begun again after a power cut: what was given back then stays.
class Removal {
 public:
  /// The entry must outlive it.
  Removal(FileContext& context, const Entry& entry, Parents& parents, DirectorySync& touched);

  const FileRecord& record() const { return record_; }

  /// Everything, deepest first.
  void all();
  /// One path; what is in a directory must have been taken back already.
  void take_back(const std::string& path);
  /// Whether the path is another object's by now, which is noted: not while that one has only begun to take
  /// it, and what is there is as this object left it.
  bool is_others(const std::string& path);
  /// Removes what is ours at `path`, without giving back. False: something that is not ours stays there.
  bool clear(const std::string& path);
  /// Removes directories that were made for the object's path and are empty, unless others in the inventory
  /// need them.
  void remove_made();

  /// What stayed, for people; empty: nothing.
  std::string note() const;

 private:
  bool is_as_we_left_it(const std::string& path);
  bool hand_over(const std::string& path);
  void give_back(const std::string& path, Before::Kind kind, bool ours);
  void restore_directory(const std::string& path, const Attributes& attributes, bool ours);
  void leave(const std::string& path);
  bool remove_directory(const std::string& path);

  FileContext& context_;
  const Entry& entry_;
  const FileRecord record_;
  const OwnPaths own_;
  const Others others_;
  Parents& parents_;
  DirectorySync& touched_;
  Left left_;
  std::vector<std::string> stayed_;  ///< directories that hold something that is not ours
  std::vector<std::string> notes_;
};

/// The paths at which an entry has something, or set something aside.
std::vector<std::string> paths_of(const Entry& entry, const FileRecord& record);

/// Makes a directory, or sets the mode and owner of the one that is there.
void make_directory(Parents& parents, const std::string& path, const Attributes& wanted,
                    DirectorySync& touched);

Error not_a_directory(const std::string& path, const struct stat& about);

}  // namespace greenwave::drivers::host
