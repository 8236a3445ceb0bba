#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "config/config.h"

namespace greenwave::config {

/// A file that agent.yaml names, and where it is named.
struct NamedFile {
  std::string key;             ///< "tokenFile"
  std::filesystem::path path;  ///< empty: a systemd credential, but systemd passed none
  std::string credential;      ///< NAME of `credential:NAME`; empty for a plain path
  Place place;
  bool secret = false;  ///< only root should be able to read it
};

struct Parsed {
  Config config;
  std::vector<NamedFile> files;
};

/// `credentials` is systemd's $CREDENTIALS_DIRECTORY; empty if it is not set.
Parsed parse(std::string_view text, const std::string& name, const std::filesystem::path& root,
             const std::filesystem::path& credentials, Problems& problems);

}  // namespace greenwave::config
