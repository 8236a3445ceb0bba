#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "config/config.h"

namespace greenwave::config {

/// A file that agent.yaml names, and where it does.
struct NamedFile {
  std::string key;             ///< "tokenFile"
  std::filesystem::path path;  ///< empty: a systemd credential, and no credentials were passed to us
  std::string credential;      ///< NAME of `credential:NAME`; empty for a plain path
  Place place;
  bool secret = false;  ///< nobody else should be able to read it
};

struct Parsed {
  Config config;
  std::vector<NamedFile> files;
};

/// `credentials` is systemd's $CREDENTIALS_DIRECTORY; empty when there is none.
Parsed parse(std::string_view text, const std::string& name, const std::filesystem::path& root,
             const std::filesystem::path& credentials, Problems& problems);

}  // namespace greenwave::config
