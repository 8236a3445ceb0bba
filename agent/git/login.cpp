#include "git/login.h"

#include "base/tcp.h"
#include "git/secret_file.h"

namespace greenwave::git {

namespace {

constexpr Duration connecting = std::chrono::seconds(10);

/// Empty where the configuration names none.
std::string text_of(const std::filesystem::path& file, std::string_view key) {
  return file.empty() ? std::string() : read_named_file(file, key);
}

}  // namespace

Login read_login(const config::Credentials& credentials) {
  Login login{.username = credentials.username};
  if (!credentials.token_file.empty()) {
    if (login.username.empty()) login.username = "git";  // servers that take tokens only check the password
    login.password = read_secret(credentials.token_file, "tokenFile");
  } else if (!credentials.password_file.empty()) {
    login.password = read_secret(credentials.password_file, "passwordFile");
  }
  login.ssh_key = text_of(credentials.ssh_key_file, "sshKeyFile");
  login.ssh_key_file = credentials.ssh_key_file.native();
  login.known_hosts = text_of(credentials.known_hosts_file, "knownHostsFile");
  login.authorities = text_of(credentials.ca_file, "caFile");
  login.client_certificate = text_of(credentials.client_certificate, "clientCertificate");
  login.client_key = text_of(credentials.client_key, "clientKey");
  return login;
}

Fd connect_to_repository(const std::string& host, unsigned port, const std::atomic<bool>& stop) {
  return connect_tcp(host, port, connecting, stop, "repository.url");
}

}  // namespace greenwave::git
