#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/fd.h"
#include "config/config.h"

namespace greenwave::git {

/// What the files of config::Credentials contain: how a server knows this device, and this device the server.
/// Never logged.
struct Login {
  std::string username{};
  std::string password{};            ///< or a token
  std::string ssh_key{};             ///< a private key
  std::string known_hosts{};         ///< the text of the file
  std::string authorities{};         ///< PEM; empty: the system's
  std::string client_certificate{};  ///< PEM
  std::string client_key{};          ///< PEM
  std::string ssh_key_file{};        ///< where it was read, for messages
};

/// Reads the files. Throws Error (invalid) when one cannot be used; messages contain nothing of it.
Login read_login(const config::Credentials& credentials);

/// Is asked for each request, so that new credentials need no restart.
using LoginSource = std::function<Login()>;

/// A connected, non-blocking socket to a host and port. Throws Error (transient).
using Connect = std::function<Fd(const std::string& host, unsigned port)>;

/// Connects to what repository.url names.
Fd connect_to_repository(const std::string& host, unsigned port, const std::atomic<bool>& stop);

}  // namespace greenwave::git
