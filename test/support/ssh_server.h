#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "support/server.h"
#include "support/temporary_directory.h"

namespace greenwave::test {

/// A private sshd on a loopback port that lets the keys in `authorized` in as the current user.
class SshServer {
 public:
  SshServer() : port_(free_port()) {
    std::filesystem::create_directories("/run/sshd");
    for (const std::string type : {"ed25519", "ecdsa"}) {
      make_key("host_" + type, type);
    }
    make_key("client", "ed25519");
    directory_.write("authorized", read_file(directory_ / "client.pub", 4096));
    directory_.write(
        "sshd_config",
        "ListenAddress 127.0.0.1:" + std::to_string(port_) + "\nHostKey " +
            (directory_ / "host_ed25519").native() + "\nHostKey " + (directory_ / "host_ecdsa").native() +
            "\nPidFile none\nStrictModes no\nUsePAM no\n" +
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n" +
            "AuthorizedKeysFile " + (directory_ / "authorized").native() + "\n" + "AcceptEnv GIT_PROTOCOL\n");
    start();
  }

  /// With an additional line in its configuration.
  void restart_with(const std::string& line, const std::string& instead_of) {
    auto text = read_file(directory_ / "sshd_config", 1 << 16);
    text.replace(text.find(instead_of), instead_of.size(), line);
    directory_.write("sshd_config", text);
    server_.reset();
    start();
  }

  unsigned port() const { return port_; }
  std::filesystem::path file(const std::string& name) const { return directory_ / name; }

  std::string url(const std::filesystem::path& repository) const {
    return "ssh://" + user() + "@127.0.0.1:" + std::to_string(port_) + repository.native();
  }

  /// A known_hosts file with the server's key of this type.
  std::filesystem::path known_hosts(const std::string& type, bool hashed = false) const {
    const auto key = read_file(directory_ / ("host_" + type + ".pub"), 4096);
    const auto name = "known_hosts_" + type + (hashed ? "_hashed" : "");
    directory_.write(name, "[127.0.0.1]:" + std::to_string(port_) + " " + key);
    if (hashed) run_or_throw({"ssh-keygen", "-q", "-H", "-f", (directory_ / name).native()});
    return directory_ / name;
  }

  void make_key(const std::string& name, const std::string& type, const std::string& passphrase = "") const {
    run_or_throw({"ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", (directory_ / name).native()});
  }

 private:
  static std::string user() {
    Command command;
    command.argv = {"id", "-un"};
    auto name = run(command).output;
    return name.substr(0, name.find('\n'));
  }

  void start() {
    server_ = std::make_unique<Server>(
        std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", (directory_ / "sshd_config").native()},
        directory_ / "sshd.log");
    server_->wait_for_port(port_);
  }

  TemporaryDirectory directory_;
  unsigned port_;
  std::unique_ptr<Server> server_;
};

}  // namespace greenwave::test
