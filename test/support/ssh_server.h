#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "support/temporary_directory.h"

namespace greenwave::test {

/// A port of the loopback interface that nothing listened on a moment ago.
inline unsigned free_port() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("no port");
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ::ntohs(address.sin_port);
}

inline bool listens(unsigned port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(static_cast<std::uint16_t>(port));
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

/// A program that runs until this ends.
class Server {
 public:
  Server(std::vector<std::string> argv, const std::filesystem::path& log) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    std::vector<char*> words;
    for (auto& word : argv) words.push_back(word.data());
    words.push_back(nullptr);
    const int failure = ::posix_spawnp(&child_, words[0], &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) throw std::runtime_error("cannot start " + argv[0]);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
  }

  void wait_for_port(unsigned port) const {
    for (int i = 0; i < 500 && !listens(port); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (!listens(port)) throw std::runtime_error("a server does not come up");
  }

 private:
  pid_t child_ = 0;
};

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

  /// With another line in its configuration.
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

  static void run_or_throw(std::vector<std::string> argv) {
    Command command;
    command.argv = std::move(argv);
    const auto result = run(command);
    if (result.status != 0) throw std::runtime_error(command.argv[0] + ": " + result.output);
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
