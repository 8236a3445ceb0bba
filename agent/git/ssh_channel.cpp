#include "git/ssh_channel.h"

#include <mutex>

#include <fmt/format.h>
#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/tcp.h"
#include "base/text.h"
#include "git/known_hosts.h"
#include "git/ssh_key.h"

namespace greenwave::git {

namespace {

constexpr Duration silence = std::chrono::seconds(30);

constexpr const char* usual_types =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-rsa";

std::string keyscan(const config::Url& url) {
  return url.port == 22 ? fmt::format("ssh-keyscan {}", url.host)
                        : fmt::format("ssh-keyscan -p {} {}", url.port, url.host);
}

/// Whether a key has a passphrase: "ENCRYPTED" in a PEM file; in OpenSSH's format, a cipher other than "none"
/// after the magic word (see its PROTOCOL.key), which is this prefix in base64.
bool needs_passphrase(std::string_view key) {
  constexpr std::string_view own = "-----BEGIN OPENSSH PRIVATE KEY-----";
  if (key.find("ENCRYPTED") != std::string_view::npos) return true;
  const auto at = key.find(own);
  if (at == std::string_view::npos) return false;
  return !trim(key.substr(at + own.size())).starts_with("b3BlbnNzaC1rZXktdjEAAAAABG5v");
}

}  // namespace

void SshChannel::FreeSession::operator()(LIBSSH2_SESSION* raw) const {
  libssh2_session_free(raw);
}

void SshChannel::FreeChannel::operator()(LIBSSH2_CHANNEL* raw) const {
  libssh2_channel_free(raw);
}

SshChannel::HangUp::~HangUp() {
  ::shutdown(socket.get(), SHUT_RDWR);
}

SshChannel::SshChannel(const config::Url& url, const Login& login, const std::string& command,
                       const Connect& connect, const std::atomic<bool>& stop)
    : stop_(stop), server_(fmt::format("{} port {}", url.host, url.port)) {
  static std::once_flag once;
  std::call_once(once, [] { libssh2_init(0); });

  socket_ = connect(url.host, url.port);
  session_.reset(libssh2_session_init_ex(nullptr, nullptr, nullptr, nullptr));
  if (!session_) throw Error(Fault::transient, "no memory for an SSH session");
  libssh2_session_set_blocking(session_.get(), 0);

  // A server has keys of several types and shows one, which must be in the file.
  const auto types = KnownHosts(login.known_hosts, url.host, url.port).types();
  const auto wanted = types.empty() ? std::string(usual_types) : fmt::format("{}", fmt::join(types, ","));
  if (libssh2_session_method_pref(session_.get(), LIBSSH2_METHOD_HOSTKEY, wanted.c_str()) != 0) {
    libssh2_session_method_pref(session_.get(), LIBSSH2_METHOD_HOSTKEY, usual_types);
  }
  const auto shaken = until_done([&] { return libssh2_session_handshake(session_.get(), socket_.get()); });
  if (shaken != 0) {
    throw Error(Fault::transient, fmt::format("no SSH session with {}: {}", server_, reason()),
                types.empty()
                    ? "is it an SSH server?"
                    : fmt::format("is it an SSH server, and does it still have a key of type {}?", wanted));
  }
  check_host_key(url, login.known_hosts);
  log_in(url, login);

  until_done([&] {
    channel_.reset(libssh2_channel_open_session(session_.get()));
    return channel_ ? 0 : libssh2_session_last_errno(session_.get());
  });
  if (!channel_)
    throw Error(Fault::transient, fmt::format("{} does not open an SSH channel: {}", server_, reason()));
  // A server that doesn't know the variable uses the original protocol, which works too.
  until_done([&] { return libssh2_channel_setenv(channel_.get(), "GIT_PROTOCOL", "version=2"); });
  if (until_done([&] { return libssh2_channel_exec(channel_.get(), command.c_str()); }) != 0) {
    throw Error(Fault::invalid, fmt::format("{} does not run git-upload-pack: {}", server_, reason()),
                "the account must be allowed to read the repository");
  }
}

SshChannel::~SshChannel() = default;

void SshChannel::check_host_key(const config::Url& url, std::string_view known_hosts) {
  std::size_t size = 0;
  int type = 0;
  const char* raw = libssh2_session_hostkey(session_.get(), &size, &type);
  const std::string_view key(raw, raw != nullptr ? size : 0);
  const auto print = fmt::format("{} {}", key_type(key), fingerprint(key));
  switch (KnownHosts(known_hosts, url.host, url.port).judge(key)) {
    case KnownHosts::Verdict::known:
      return;
    case KnownHosts::Verdict::unknown:
      throw Error(Fault::untrusted,
                  fmt::format("the key of {} is not known: it presented {}", server_, print),
                  fmt::format("compare this with the server's own, then add the key ({}) to the file in "
                              "credentials.knownHostsFile",
                              keyscan(url)));
    case KnownHosts::Verdict::changed:
      throw Error(Fault::untrusted, fmt::format("the key of {} has changed: it presented {}", server_, print),
                  "someone may be intercepting the connection; if the server really has a new key, replace "
                  "the old one in "
                  "credentials.knownHostsFile");
    case KnownHosts::Verdict::revoked:
      throw Error(Fault::untrusted, fmt::format("{} presented a revoked key, {}", server_, print),
                  "someone may be intercepting the connection, or the server uses an old key");
  }
}

void SshChannel::log_in(const config::Url& url, const Login& login) {
  const auto user = !login.username.empty() ? login.username : !url.user.empty() ? url.user : "git";
  const auto& key = login.ssh_key;
  if (key.empty()) {
    throw Error(Fault::invalid, "no key to log in with",
                "set credentials.sshKeyFile to a private key without a passphrase");
  }
  if (needs_passphrase(key)) {
    throw Error(Fault::invalid, fmt::format("the key {} has a passphrase", login.ssh_key_file),
                "use one without; the file's mode protects it");
  }
  const auto code = until_done([&] {
    return libssh2_userauth_publickey_frommemory(session_.get(), user.data(), user.size(), nullptr, 0,
                                                 key.data(), key.size(), nullptr);
  });
  if (code == 0) return;
  if (code == LIBSSH2_ERROR_AUTHENTICATION_FAILED || code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) {
    throw Error(Fault::invalid,
                fmt::format("{} does not accept user {} with the key {}", server_, user, login.ssh_key_file),
                "add its public half to the repository's deploy keys; current servers reject RSA signatures "
                "of the kind that this "
                "agent makes: use ed25519");
  }
  const bool key_trouble = code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_PROTO;
  throw Error(key_trouble ? Fault::invalid : Fault::transient,
              fmt::format("cannot log in to {} with the key {}: {}", server_, login.ssh_key_file, reason()),
              key_trouble ? "is it a private key from ssh-keygen -t ed25519?" : "");
}

long SshChannel::until_done(auto call) {
  for (;;) {
    const long code = call();
    if (code != LIBSSH2_ERROR_EAGAIN) return code;
    const int directions = libssh2_session_block_directions(session_.get());
    const bool writes = (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0;
    const bool reads = (directions & LIBSSH2_SESSION_BLOCK_INBOUND) != 0 || !writes;
    const auto events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    if (wait_for(socket_.get(), events, silence, stop_)) continue;
    throw Error(Fault::transient, fmt::format("{} has been silent for {}", server_, to_words(silence)),
                "the connection was lost, or the server hangs");
  }
}

std::string SshChannel::reason() const {
  char* text = nullptr;
  libssh2_session_last_error(session_.get(), &text, nullptr, 0);
  return text != nullptr && *text != '\0' ? printable(text) : "the connection was closed";
}

std::size_t SshChannel::read(char* into, std::size_t most) {
  const auto count = until_done([&] { return libssh2_channel_read(channel_.get(), into, most); });
  if (count < 0)
    throw Error(Fault::transient, fmt::format("lost the connection to {}: {}", server_, reason()));
  return static_cast<std::size_t>(count);
}

void SshChannel::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count =
        until_done([&] { return libssh2_channel_write(channel_.get(), bytes.data(), bytes.size()); });
    if (count < 0) {
      throw Error(Fault::transient, fmt::format("lost the connection to {}: {}", server_, reason()));
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string SshChannel::complaint() {
  char text[500];
  const auto count = libssh2_channel_read_stderr(channel_.get(), text, sizeof text);
  return printable(trim({text, static_cast<std::size_t>(count > 0 ? count : 0)}));
}

}  // namespace greenwave::git
