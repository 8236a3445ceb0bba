#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "git/upstream.h"

namespace greenwave::git::confined {

/// The files of a repository on this device that say where its refs point, so that polling one in which
/// nothing has changed starts no process and reads nothing.
class TipFiles {
 public:
  /// `directory`: a bare repository, or a work tree; empty: there is none.
  TipFiles(const std::filesystem::path& directory, const Clock& clock);

  /// How a file is: equal as long as nobody replaces or changes it.
  struct Look {
    std::uint64_t inode = 0;  ///< zero: there is no file
    std::int64_t size = 0;
    std::int64_t modified = 0;  ///< nanoseconds
    std::int64_t changed = 0;   ///< nanoseconds

    bool operator==(const Look&) const = default;
  };
  /// The files for these refs, before they are read.
  struct Looks {
    std::vector<std::string> refs;
    std::vector<Look> files;
    bool operator==(const Looks&) const = default;
  };
  Looks look(const std::vector<std::string>& refs) const;

  /// That they said so when they were as in `looks`.
  void remember(Looks looks, const Tip& tip);
  /// What is remembered, where the files are as they were then.
  std::optional<Tip> tip(const std::vector<std::string>& refs) const;

 private:
  const Clock& clock_;
  std::filesystem::path directory_;  ///< empty: nothing is remembered
  Looks looks_;
  Tip tip_;
};

}  // namespace greenwave::git::confined
