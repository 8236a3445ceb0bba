#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "git/landing.h"
#include "git/work_budget.h"

namespace greenwave::git {

/// What the server sent is of no use: nothing of it is worth keeping.
class Unusable : public Error {
 public:
  using Error::Error;
};

/// Writes the bytes of one pack into a database of objects. They exist only after `finish`; without it,
/// nothing is left behind. Hashes every object on the way in.
class PackSink {
 public:
  /// Into `landing.packs`; it outlives this. What comes is counted in its progress, bytes excepted: they are
  /// counted by whoever reads them.
  explicit PackSink(Landing& landing);
  ~PackSink();
  PackSink(const PackSink&) = delete;
  PackSink& operator=(const PackSink&) = delete;

  /// Both throw Error, always transient: when the bytes are not a complete pack, do not fit on the disk, or
  /// `stop` is set; Unusable when they exceed the limits.
  void append(std::string_view bytes);
  void finish();

 private:
  struct Free {
    void operator()(git_odb_writepack* raw) const { raw->free(raw); }
  };

  void count();
  static int on_progress(const git_indexer_progress* progress, void* sink);
  [[noreturn]] void fail() const;

  Landing& landing_;
  Fetched before_;
  WorkBudget budget_;
  std::unique_ptr<git_odb_writepack, Free> pack_;
  git_indexer_progress progress_{};
  std::uint64_t bytes_ = 0;
};

/// The Error of a transfer that was stopped.
Error stopped();

}  // namespace greenwave::git
