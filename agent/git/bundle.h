#pragma once

#include <filesystem>

#include "base/fd.h"
#include "git/bundle_header.h"
#include "git/pack_sink.h"
#include "git/transport.h"

namespace greenwave::git {

/// A bundle that somebody carried to the device, for where there is no network: made by plain
/// `git bundle create FILE BRANCH`, or with `^COMMIT` behind it where the device has that commit. What it
/// brings goes through the same checks as what a server sends.
class Bundle : public Transport {
 public:
  /// `branch` as in the configuration. Opens the file and reads its header; throws Error (invalid) when it is
  /// not a bundle.
  Bundle(std::filesystem::path file, std::string_view branch, const std::atomic<bool>& stop,
         const FetchLimits& limits = {});

  std::string poll() override;
  /// Throws Error (invalid) when the bundle is damaged, or builds on commits that the store lacks.
  void fetch(const std::string& commit, Store& store, const Visit& visit) override;
  using Transport::fetch;
  std::uint64_t bytes_received() const override { return received_; }

 private:
  void require_prerequisites(const Store& store) const;
  void require_whole() const;

  std::filesystem::path file_;
  std::string ref_;
  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  Fd fd_;
  std::uint64_t size_ = 0;
  BundleHeader header_;
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
