#pragma once

#include <cstdint>
#include <functional>

#include "git/kept_objects.h"
#include "git/store.h"

namespace greenwave::git {

/// Disk usage of a store. Bytes count the objects' contents before compression; the size of the packs is
/// roughly proportional.
struct Usage {
  std::size_t packs = 0;
  std::size_t loose = 0;     ///< objects in separate files
  std::uint64_t held = 0;    ///< bytes of all objects, counting every copy
  std::uint64_t needed = 0;  ///< bytes of the objects that the kept commits need
  std::size_t commits = 0;   ///< kept commits that exist
};

/// Reads trees and object headers, but no contents.
Usage measure(const Store& store);

/// Whether the store should be repacked: 20 packs, 200 loose objects, or more unneeded than needed bytes.
bool is_due(const Usage& usage);

/// Called about twice a second during long work, to feed a watchdog; false stops the work. Must not throw.
using GoOn = std::function<bool()>;

/// Repacks the objects that the commits under refs/greenwave/ need, and drops all others, if this is due (or
/// `force`). Returns whether it did. Call it after a fetch whose commit is kept: objects that no ref keeps
/// are lost. Does nothing when no commit is kept.
///
/// The new pack is durable before an old file is deleted, so a power cut at any moment loses nothing; the
/// next call removes what it left behind. Open SourceTrees stay valid. Memory: about 300 bytes per object,
/// the largest object, and 8 MiB.
///
/// Throws Error: transient (a full disk, `go_on` returned false) or damaged; the store is unchanged then.
bool tidy(Store& store, const GoOn& go_on, bool force = false);

}  // namespace greenwave::git
