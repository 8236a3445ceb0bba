#pragma once

#include <filesystem>

#include "git/server_transport.h"

namespace greenwave::git {

/// A repository on this device's disk (a mirror, a mounted stick), opened in this process.
///
/// The first fetch brings one commit without its history. Later ones bring the commits since those that the
/// store keeps, and the files that changed.
class FileTransport : public ServerTransport {
 public:
  FileTransport(std::filesystem::path path, std::string ref, const std::atomic<bool>& stop);
};

}  // namespace greenwave::git
