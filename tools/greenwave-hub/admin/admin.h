#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "config/hub_config.h"
#include "config/role.h"

namespace greenwave::hub {

/// What is done where the hub is, by whoever may read its configuration. Each call connects, and blocks.
/// Throws Error.

/// Makes a token, and returns it: the database keeps only its hash. A token of that name is replaced.
std::string add_token(const HubConfig& config, const std::string& name, Role level,
                      std::optional<Duration> life);
/// A line for each: NAME LEVEL MADE EXPIRES.
std::string list_tokens(const HubConfig& config);
/// Throws Error (invalid) when there is none of that name.
void remove_token(const HubConfig& config, const std::string& name);

/// The city's authority, made if there is none yet, and a certificate of it for the proxy that serves `host`:
/// server.crt and server.key in the authority's directory.
void make_server_certificate(const HubConfig& config, const std::string& host, Time now);

}  // namespace greenwave::hub
