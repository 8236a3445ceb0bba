#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "git/fetch_progress.h"
#include "git/handle.h"
#include "git/store.h"

namespace greenwave::git {

/// Limits for one fetch.
struct FetchLimits {
  std::uint64_t bytes = 256 << 20;
  std::uint64_t objects = 2'000'000;
};

/// What one fetch has received so far, over all its packs.
struct Fetched {
  std::uint64_t bytes = 0;
  std::uint64_t objects = 0;
};

/// Writes the bytes of one pack into a store's object database. Its objects exist only after `finish`;
/// without it, nothing is left behind. Hashes every object on the way in.
class PackSink {
 public:
  /// `store`, `stop` and `progress` must outlive this. `before` is what the same fetch received earlier. The
  /// objects are counted in `progress`, the bytes by whoever reads them.
  PackSink(Store& store, const std::atomic<bool>& stop, const FetchLimits& limits = {},
           const Fetched& before = {}, FetchProgress* progress = nullptr);

  /// Throws Error: transient when the bytes are not a complete pack, exceed the limits, or do not fit on the
  /// disk.
  void append(std::string_view bytes);
  void finish();

  std::uint64_t bytes() const { return bytes_; }
  /// Including what came before.
  Fetched fetched() const { return {before_.bytes + bytes_, before_.objects + progress_.total_objects}; }

 private:
  struct Free {
    void operator()(git_odb_writepack* raw) const { raw->free(raw); }
  };

  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  Fetched before_;
  FetchProgress* shown_;
  Odb odb_;
  std::unique_ptr<git_odb_writepack, Free> pack_;
  git_indexer_progress progress_{};
  std::uint64_t bytes_ = 0;
};

/// The Error of a transfer that was stopped.
Error stopped();

}  // namespace greenwave::git
