#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::git {

/// What a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) says of one server: plain and hashed names,
/// patterns with * ? and !, [host]:port, @revoked. Certificate authorities (@cert-authority) are passed over.
class KnownHosts {
 public:
  enum class Verdict { known, unknown, changed, revoked };

  /// `port` 22 looks for the bare name, as ssh does; any other for [host]:port.
  KnownHosts(std::string_view text, std::string_view host, unsigned port);

  /// `key` is the server's public key as it goes over the wire (RFC 4253, section 6.6). `changed` means that
  /// another key of the same type is listed.
  Verdict judge(std::string_view key) const;

  /// Types of the listed keys, such as "ssh-ed25519": the server must be asked for one of these.
  const std::vector<std::string>& types() const { return types_; }

 private:
  std::vector<std::string> keys_;  ///< as over the wire
  std::vector<std::string> revoked_;
  std::vector<std::string> types_;
};

}  // namespace greenwave::git
