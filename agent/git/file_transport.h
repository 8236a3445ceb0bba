#pragma once

#include <filesystem>

#include "git/transport.h"

namespace greenwave::git {

/// A repository on this device's disk (a mirror, a mounted stick): opened and read directly.
///
/// The first fetch brings one commit without its history. Later ones bring the commits since those that the
/// store keeps, and the files that changed.
class FileTransport : public Transport {
 public:
  FileTransport(std::filesystem::path path, std::string ref, const std::atomic<bool>& stop);

  CommitId poll() override;
  using Transport::fetch;
  void fetch(const CommitId& commit, Store& store, const Visit& visit) override;
  std::uint64_t bytes_received() const override { return received_; }

 private:
  std::filesystem::path path_;
  const std::atomic<bool>& stop_;
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
