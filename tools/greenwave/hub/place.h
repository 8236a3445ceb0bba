#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/command_line.h"

namespace greenwave::cli {

/// The options that commands which ask a hub share.
struct HubOptions {
  std::string url;
  std::filesystem::path token_file;
  std::filesystem::path ca_file;
};
void add_hub_options(CommandLine& line, HubOptions& options);

/// Where a city's hub is, and what it is asked with.
struct HubPlace {
  std::string url;          ///< https, or http on this machine; no slash at its end
  std::string token;        ///< a secret; empty: none
  std::string authorities;  ///< PEM; empty: the system's
};

/// The file in which people name their hub: {url, tokenFile, caFile}.
std::filesystem::path hub_file();

/// The hub of the options, else of GREENWAVE_HUB, else of hub_file(). The token is the one of the options,
/// else GREENWAVE_HUB_TOKEN, else the file's, which goes to the file's hub only. Throws Error (invalid), also
/// when no hub is named.
HubPlace hub_place(const HubOptions& options);
/// The same without options; nothing when no hub is named.
std::optional<HubPlace> configured_hub();

/// A secret of one line in a file. Throws Error, which never shows it.
std::string read_token(const std::filesystem::path& file);

}  // namespace greenwave::cli
