#pragma once

#include <optional>

#include "git/landing.h"
#include "git/pack_sink.h"
#include "git/pack_writer.h"

namespace greenwave::git {

/// A fetch into a store: its objects exist once `finish` was called; sync_other_packs() makes them durable.
class StoreLanding : private ObjectSink {
 public:
  /// Everything outlives this.
  StoreLanding(const Store& store, const std::atomic<bool>& stop, const FetchLimits& limits,
               FetchProgress* progress);

  Landing& landing() { return landing_; }

 private:
  void expect(std::uint32_t objects) override;
  void add(git_object_t type, std::string_view content) override;
  void finish() override;

  Odb odb_;
  Landing landing_;
  std::optional<PackSink> sink_;
  std::optional<PackWriter> writer_;
};

}  // namespace greenwave::git
