#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <git2.h>

#include "git/evp.h"

namespace greenwave::git {

/// Writes a pack of whole objects, without the search for deltas that takes most of a packbuilder's time: for
/// packs that stay on this device. The format is gitformat-pack(5).
class PackWriter {
 public:
  using Take = std::function<void(std::string_view)>;

  /// `take` gets the pack's bytes, in order. Exactly `objects` objects must be added.
  PackWriter(std::uint32_t objects, Take take);

  void add(git_object_t type, std::string_view content);
  /// Writes the checksum that ends the pack.
  void finish();

 private:
  void put(std::string_view bytes);

  Take take_;
  DigestContext checksum_;
  std::string compressed_;
};

}  // namespace greenwave::git
