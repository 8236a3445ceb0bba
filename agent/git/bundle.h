#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "config/config.h"
#include "git/bundle_reader.h"
#include "git/transport.h"

namespace greenwave::git {

/// A bundle that someone carried to the device, for sites without a network: created by plain `git bundle
/// create FILE BRANCH`, with `^COMMIT` at the end if the device already has that commit. Its content goes
/// through the same checks as what a server sends.
class Bundle : public Transport {
 public:
  /// Reads the file's header; throws Error (invalid) when it is not a bundle. Uses the branch and the path of
  /// `repository`. `reader` reads the file.
  Bundle(std::shared_ptr<const BundleFile> file, std::unique_ptr<BundleReader> reader,
         const config::Repository& repository, const std::atomic<bool>& stop, const FetchLimits& limits = {});
  /// Read in this process.
  Bundle(const std::shared_ptr<const BundleFile>& file, const config::Repository& repository,
         const std::atomic<bool>& stop, const FetchLimits& limits = {});

  void show_in(FetchProgress& progress) override;
  CommitId poll() override;
  /// Stores everything that the bundle holds, unless the store has it already. Throws Error (invalid) when
  /// the bundle is damaged, or requires commits or files that the store lacks (a partial store only has the
  /// files that its device needs).
  using Transport::fetch;
  void fetch(const CommitId& commit, Store& store, const Visit& visit) override;
  /// Nothing: what a bundle has of the history came with its commit.
  void fetch_history(const CommitId& commit, Store& store, std::size_t generations) override;
  void fetch_trees(const Missing& names, Store& store) override;
  std::optional<std::string> fetch_tag(const std::string& ref, Store& store) override;
  std::uint64_t bytes_received() const override { return reader_->bytes_read(); }
  /// The id of the device that it was made for; empty: any, or unknown.
  const std::string& made_for() const { return header_.made_for; }

 private:
  void unpack(Store& store);
  bool is_there(const CommitId& commit, const Store& store, const Visit& visit) const;
  void require_prerequisites(const Store& store) const;

  std::shared_ptr<const BundleFile> file_;
  std::unique_ptr<BundleReader> reader_;
  std::string ref_;
  std::string path_;
  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  BundleHeader header_;
};

}  // namespace greenwave::git
