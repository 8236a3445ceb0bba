#pragma once

#include <cstdint>
#include <functional>

#include "git/kept_objects.h"
#include "git/store.h"

namespace greenwave::git {

/// How a store's room is used. Bytes are those of the objects' contents, before compression: what packs take
/// on the disk follows them.
struct Usage {
  std::size_t packs = 0;
  std::size_t loose = 0;     ///< objects in files of their own
  std::uint64_t held = 0;    ///< bytes of all objects, each copy counted
  std::uint64_t needed = 0;  ///< bytes of those that the kept commits need
  std::size_t commits = 0;   ///< kept ones that are there
};

/// Reads trees and headers, no contents.
Usage measure(const Store& store);

/// Whether the store is to be repacked: 20 packs, 200 loose objects, or more ballast than need.
bool is_due(const Usage& usage);

/// Called about twice a second during long work, to feed a watchdog; false ends the work. Must not throw.
using GoOn = std::function<bool()>;

/// Packs what the commits under refs/greenwave/ need into one new pack and drops all other objects, if it is
/// due (or `force`); whether it did. For after a fetch whose commit is kept: what no ref keeps is lost.
/// Without any kept commit nothing happens.
///
/// The new pack is durable before an old file goes, so a power cut at any moment loses nothing; what one left
/// behind is cleared away by the next call. SourceTrees that are being read stay good. Memory: about 300
/// bytes an object, the largest object, and 8 MiB.
///
/// Throws Error: transient (a full disk, `go_on` said no), damaged; the store is then as good as before.
bool tidy(Store& store, const GoOn& go_on, bool force = false);

}  // namespace greenwave::git
