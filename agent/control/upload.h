#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "git/bundle.h"

namespace greenwave::control {

/// The largest bundle that a client may send: what one fetch may bring, and a header.
inline constexpr std::uint64_t largest_bundle = git::FetchLimits{}.bytes + git::most_bundle_header;

/// A bundle while a client sends it. It goes into a file without a name, which is gone with its last holder,
/// also in a power cut.
class Upload {
 public:
  /// Takes room for `size` bytes in `directory`. Throws Error (transient) when there is too little.
  Upload(const std::filesystem::path& directory, std::uint64_t size);

  void append(std::string_view bytes);
  /// The whole file; `name` is what people call it.
  std::shared_ptr<const git::BundleFile> finish(std::string name);

 private:
  Fd fd_;
};

}  // namespace greenwave::control
