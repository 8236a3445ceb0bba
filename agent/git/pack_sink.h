#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "git/fetch_progress.h"
#include "git/handle.h"
#include "git/store.h"
#include "git/work_budget.h"

namespace greenwave::git {

/// What the server sent is of no use: nothing of it is worth keeping.
class Unusable : public Error {
 public:
  using Error::Error;
};

/// Limits for one fetch.
struct FetchLimits {
  std::uint64_t bytes = 256 << 20;
  std::uint64_t objects = 500'000;
  WorkLimits work{};
};

/// What one fetch has received so far, over all its packs.
struct Fetched {
  std::uint64_t bytes = 0;
  std::uint64_t objects = 0;
  Spent spent{};
};

/// Writes the bytes of one pack into a store's object database. Its objects exist only after `finish`;
/// without it, nothing is left behind. Hashes every object on the way in.
class PackSink {
 public:
  /// `store`, `stop` and `progress` must outlive this. `before` is what the same fetch received earlier. The
  /// objects are counted in `progress`, the bytes by whoever reads them.
  PackSink(Store& store, const std::atomic<bool>& stop, const FetchLimits& limits = {},
           const Fetched& before = {}, FetchProgress* progress = nullptr);
  PackSink(const PackSink&) = delete;
  PackSink& operator=(const PackSink&) = delete;

  /// Both throw Error, always transient: when the bytes are not a complete pack, do not fit on the disk, or
  /// `stop` is set; Unusable when they exceed the limits.
  void append(std::string_view bytes);
  void finish();

  std::uint64_t bytes() const { return bytes_; }
  /// Including what came before.
  Fetched fetched() const {
    return {before_.bytes + bytes_, before_.objects + progress_.total_objects, budget_.spent()};
  }

 private:
  struct Free {
    void operator()(git_odb_writepack* raw) const { raw->free(raw); }
  };

  static int on_progress(const git_indexer_progress* progress, void* sink);
  [[noreturn]] void fail() const;

  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  Fetched before_;
  FetchProgress* shown_;
  WorkBudget budget_;
  Odb odb_;
  std::unique_ptr<git_odb_writepack, Free> pack_;
  git_indexer_progress progress_{};
  std::uint64_t bytes_ = 0;
};

/// The Error of a transfer that was stopped.
Error stopped();

}  // namespace greenwave::git
