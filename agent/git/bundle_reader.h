#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/fd.h"
#include "git/bundle_header.h"
#include "git/landing.h"

namespace greenwave::git {

/// An open file that should be a bundle, and its name for messages.
struct BundleFile {
  Fd fd;
  std::string name;
};

/// Throws Error when the path can't be opened or is not a file.
std::shared_ptr<const BundleFile> open_bundle(const std::filesystem::path& file);

/// Reads a bundle; knows nothing of the device's store.
class BundleReader {
 public:
  virtual ~BundleReader() = default;

  /// From now on bytes and objects are counted in `progress`, which outlives this.
  virtual void show_in(FetchProgress* progress) { progress_ = progress; }

  /// Throws Error (invalid) when it is not a bundle.
  virtual BundleHeader header() = 0;
  /// Everything that it holds. Throws Error (invalid) when it is damaged; else as PackSink does.
  virtual void unpack(Landing& landing) = 0;
  /// Bytes of the pack.
  virtual std::uint64_t bytes_read() const = 0;

 protected:
  FetchProgress* progress_ = nullptr;
};

/// Reads it in this process. The file and `stop` outlive the reader.
std::unique_ptr<BundleReader> read_here(const BundleFile& file, const std::atomic<bool>& stop);

}  // namespace greenwave::git
