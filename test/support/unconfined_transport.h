#pragma once

#include <atomic>
#include <memory>

#include "config/config.h"
#include "git/endpoints.h"
#include "git/login.h"
#include "git/ref_name.h"
#include "git/server_transport.h"

namespace greenwave::test {

/// Follows the repository from this process, as a fetcher does from its own. `stop` outlives it.
inline std::unique_ptr<git::Transport> unconfined_transport(const config::Repository& repository,
                                                            const std::atomic<bool>& stop) {
  const git::LoginSource login = [credentials = repository.credentials] {
    return git::read_login(credentials);
  };
  const git::Connect connect = [&stop](const std::string& host, unsigned port) {
    return git::connect_to_repository(host, port, stop);
  };
  return std::make_unique<git::ServerTransport>(git::make_upstream(repository.url, login, connect, stop),
                                                git::full_ref_name(repository.branch), repository.path, stop);
}

}  // namespace greenwave::test
