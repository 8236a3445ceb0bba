#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/fd.h"
#include "git/bundle_header.h"
#include "git/pack_sink.h"
#include "git/transport.h"

namespace greenwave::git {

/// An open file that should be a bundle, and its name for messages.
struct BundleFile {
  Fd fd;
  std::string name;
};

/// Throws Error when the path can't be opened or is not a file.
std::shared_ptr<const BundleFile> open_bundle(const std::filesystem::path& file);

/// A bundle that someone carried to the device, for sites without a network: created by plain `git bundle
/// create FILE BRANCH`, with `^COMMIT` at the end if the device already has that commit. Its content goes
/// through the same checks as what a server sends.
class Bundle : public Transport {
 public:
  /// Reads the file's header; throws Error (invalid) when it is not a bundle. Uses the branch and the path of
  /// `repository`.
  Bundle(std::shared_ptr<const BundleFile> file, const config::Repository& repository,
         const std::atomic<bool>& stop, const FetchLimits& limits = {});

  CommitId poll() override;
  /// Stores everything that the bundle holds, unless the store has it already. Throws Error (invalid) when
  /// the bundle is damaged, or requires commits or files that the store lacks (a partial store only has the
  /// files that its device needs).
  using Transport::fetch;
  void fetch(const CommitId& commit, Store& store, const Visit& visit) override;
  std::uint64_t bytes_received() const override { return received_; }
  /// The id of the device that it was made for; empty: any, or unknown.
  const std::string& made_for() const { return header_.made_for; }

 private:
  bool is_there(const CommitId& commit, const Store& store, const Visit& visit) const;
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
