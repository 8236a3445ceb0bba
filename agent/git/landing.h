#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <git2.h>

#include "git/fetch_progress.h"
#include "git/handle.h"
#include "git/store.h"
#include "git/work_budget.h"

namespace greenwave::git {

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

/// No device reads a larger file: such objects do not land.
inline constexpr std::size_t largest_object = 64 << 20;
/// Leaves out those that are larger, without reading them.
void leave_out_large(git_odb* odb, std::vector<git_oid>& oids);

/// Takes whole objects, of which it is told the number first. All throw as PackSink does.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  virtual void expect(std::uint32_t objects) = 0;
  virtual void add(git_object_t type, std::string_view content) = 0;
  virtual void finish() = 0;
};

/// Where to put what one fetch brings.
struct Landing {
  git_odb* packs;       ///< takes packs as they come
  ObjectSink& objects;  ///< takes single objects
  const std::atomic<bool>& stop;
  FetchLimits limits{};
  FetchProgress* progress = nullptr;
  Fetched fetched{};  ///< so far
};

}  // namespace greenwave::git
