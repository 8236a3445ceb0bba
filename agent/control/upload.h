#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "git/bundle.h"

namespace greenwave::control {

/// The maximum size of a client's bundle: the limit of one fetch, plus a header.
inline constexpr std::uint64_t largest_bundle = git::FetchLimits{}.bytes + git::most_bundle_header;

/// A bundle that a client is sending. It is written to an unnamed file, which disappears with its last
/// holder, or in a power cut.
class Upload {
 public:
  /// Reserves `size` bytes in `directory`. Throws Error (transient) when there is too little space.
  Upload(const std::filesystem::path& directory, std::uint64_t size);

  void append(std::string_view bytes);
  /// The whole file; `name` is for messages.
  std::shared_ptr<const git::BundleFile> finish(std::string name);

 private:
  Fd fd_;
};

}  // namespace greenwave::control
