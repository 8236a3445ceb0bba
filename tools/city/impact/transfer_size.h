#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "render/fleet.h"

namespace greenwave::city {

/// How much a device must fetch to move from one commit to another: the trees and blobs that it reads and
/// does not have, each compressed as in a pack, without the transport's overhead.
class TransferSize {
 public:
  TransferSize(const render::Fleet& base, const render::Fleet& head);

  std::uint64_t bytes(std::size_t base_device, std::size_t head_device);
  /// The same for a file or directory that is a manifest's source. `base` may be empty.
  std::uint64_t source_bytes(const std::string& base, const std::string& head);

 private:
  using Objects = std::unordered_map<std::string, std::uint64_t>;  ///< size by oid

  static void add_tree(const render::Fleet& fleet, const std::string& path, bool whole, Objects& objects);
  static void add_blob(const render::Fleet& fleet, const std::string& path, const SourceTree::Item& item,
                       Objects& objects);
  const Objects& layer(const render::Fleet& fleet, std::uint32_t number,
                       std::map<std::uint32_t, Objects>& known);
  static Objects common(const render::Fleet& fleet);

  const render::Fleet& base_;
  const render::Fleet& head_;
  Objects base_common_;
  Objects head_common_;
  std::map<std::uint32_t, Objects> base_layers_;
  std::map<std::uint32_t, Objects> head_layers_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> known_;  ///< by combinations
};

}  // namespace greenwave::city
