#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::git {

/// The entries of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) for one server: plain and hashed
/// names, patterns with * ? and !, [host]:port, @revoked. Ignores certificate authorities (@cert-authority).
class KnownHosts {
 public:
  enum class Verdict { known, unknown, changed, revoked };

  /// For `port` 22 looks up the bare name, as ssh does; for any other, [host]:port.
  KnownHosts(std::string_view text, std::string_view host, unsigned port);

  /// `key` is the server's public key in wire format (RFC 4253, section 6.6). `changed` means that a
  /// different key of the same type is listed.
  Verdict judge(std::string_view key) const;

  /// Types of the listed keys, such as "ssh-ed25519": the client must ask the server for one of these.
  const std::vector<std::string>& types() const { return types_; }

 private:
  std::vector<std::string> keys_;  ///< in wire format
  std::vector<std::string> revoked_;
  std::vector<std::string> types_;
};

}  // namespace greenwave::git
