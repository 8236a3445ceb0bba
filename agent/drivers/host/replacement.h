#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/host/confined.h"
#include "drivers/host/signature.h"
#include "drivers/host/write_behind.h"

namespace greenwave::drivers::host {

/// How one replacement went.
struct Replaced {
  std::optional<Error> error;
  bool in_place = false;    ///< with an error: the new file is there, but may not outlive a power cut
  FileSignature signature;  ///< of the new file
};

/// Files and links that take their places together: written beside their targets, made durable all at once
/// (a few by fsync, many by one syncfs a file system), renamed, and their directories made durable. A reader
/// and a power cut see each as it was or as it will be. What was staged and not committed is removed again.
///
///   Replacements batch(host);
///   batch.stage("/etc/motd", "hello\n", {.mode = 0644, .uid = 0, .gid = 0});
///   for (const Replaced& replaced : batch.commit()) …
///
/// Missing parents are made. What is at a target is replaced, a link itself and not what it points to;
/// a directory is an error. No descriptor is held for what is staged. The Host must outlive it.
class Replacements {
 public:
  explicit Replacements(const Host& host) : parents_(host) {}
  ~Replacements() { discard(); }
  Replacements(const Replacements&) = delete;
  Replacements& operator=(const Replacements&) = delete;

  /// Writes beside `path`. Throws Error and leaves nothing behind: the others are not touched by that.
  /// Returns its index in what commit() returns. `attributes.type` is not looked at.
  std::size_t stage(const std::string& path, std::string_view content, const Attributes& attributes);
  std::size_t stage_link(const std::string& path, const std::string& target, const Attributes& attributes);

  /// What is staged is as much as should become durable at once: commit before more.
  bool full() const { return staged_.size() >= 8192 || bytes_ >= 8 * 1024 * 1024; }
  std::size_t size() const { return staged_.size(); }

  /// Puts all in place, durably, in the order of staging; a failure of one does not stop the others. It is
  /// empty afterwards, ready for the next ones.
  std::vector<Replaced> commit();

 private:
  struct Staged {
    FileSignature signature;  ///< of the file beside the target
    Attributes attributes;
    std::optional<Error> error;
    bool in_place = false;
  };

  std::size_t keep(const std::string& path, const struct stat& about, const Digest& content,
                   const Attributes& attributes);
  void make_durable();
  void rename_all();
  void sign_all(std::vector<Replaced>& results);
  void discard() noexcept;

  Parents parents_;
  WriteBehind write_behind_;
  std::vector<Staged> staged_;
  std::size_t bytes_ = 0;
};

/// The name beside `name` that a replacement is written to. Always the same, so that what a power cut leaves
/// behind is found again.
std::string name_beside(const std::string& name);

/// Removes what an interrupted replacement of `path` left behind, if anything.
void remove_leftover(Parents& parents, const std::string& path);

/// Removes a file or a link (itself, not what it points to) and any leftover; false when there was none.
/// Throws Error (conflict) for a directory. Durable after touched.sync().
bool remove_file(Parents& parents, const std::string& path, DirectorySync& touched);

}  // namespace greenwave::drivers::host
