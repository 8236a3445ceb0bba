#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/fd.h"
#include "git/bundle_header.h"
#include "git/pack_sink.h"
#include "git/transport.h"

namespace greenwave::git {

/// An open file that should be a bundle, and what people call it.
struct BundleFile {
  Fd fd;
  std::string name;
};

/// Throws Error when it can't be opened, or is no file.
std::shared_ptr<const BundleFile> open_bundle(const std::filesystem::path& file);

/// A bundle that somebody carried to the device, for where there is no network: made by plain
/// `git bundle create FILE BRANCH`, or with `^COMMIT` behind it where the device has that commit. What it
/// brings goes through the same checks as what a server sends.
class Bundle : public Transport {
 public:
  /// Reads the file's header; throws Error (invalid) when it is not a bundle. Of `repository` the branch and
  /// the path count.
  Bundle(std::shared_ptr<const BundleFile> file, const config::Repository& repository,
         const std::atomic<bool>& stop, const FetchLimits& limits = {});

  std::string poll() override;
  /// Takes in all that the bundle holds, unless everything is there. Throws Error (invalid) when it is
  /// damaged, builds on commits that the store lacks, or on files that a store which only has what its device
  /// needs doesn't hold.
  using Transport::fetch;
  void fetch(const std::string& commit, Store& store, const Visit& visit) override;
  std::uint64_t bytes_received() const override { return received_; }

 private:
  bool is_there(const std::string& commit, const Store& store, const Visit& visit) const;
  void require_prerequisites(const Store& store) const;
  void require_whole() const;

  std::shared_ptr<const BundleFile> file_;
  std::string ref_;
  std::string path_;
  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  std::uint64_t size_ = 0;
  BundleHeader header_;
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
