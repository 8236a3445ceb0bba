#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/problem.h"

namespace greenwave::hub {

/// mirror.yaml, checked, with defaults filled in.
struct MirrorConfig {
  std::filesystem::path socket = "/run/greenwave-mirror/mirror.sock";
  std::filesystem::path directory = "/srv/git";  ///< with bare repositories, and NAME.tip beside each NAME
  std::filesystem::path hooks = "/usr/lib/greenwave/git-hooks";
  std::string repository;  ///< its name in `directory`: "springfield.git"

  /// Where it comes from; an empty `url`: from nowhere, since commits are pushed to it.
  struct Upstream {
    std::string url;  ///< as config::parse_url accepts it
    Duration interval = std::chrono::minutes(1);
    std::string username = "git";
    std::filesystem::path token_file;
    std::filesystem::path ssh_key_file;
    std::filesystem::path known_hosts_file;
    std::filesystem::path ca_file;
    std::filesystem::path webhook_secret_file;  ///< empty: no webhook is taken
    bool signed_tips = false;                   ///< tips are the upstream's, as it signs them
  } upstream;
};

/// Reads and checks the file. Throws Error (invalid) that lists every problem, one a line.
MirrorConfig load_mirror_config(const std::filesystem::path& file);
/// The part of it that parses. Use the result only if `problems` has no errors.
MirrorConfig parse_mirror_config(std::string_view text, const std::string& name, Problems& problems);

}  // namespace greenwave::hub
