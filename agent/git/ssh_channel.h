#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "config/url.h"
#include "git/byte_stream.h"
#include "git/handle.h"
#include "git/login.h"

typedef struct _LIBSSH2_SESSION LIBSSH2_SESSION;
typedef struct _LIBSSH2_CHANNEL LIBSSH2_CHANNEL;

namespace greenwave::git {

/// A command that runs on an SSH server, with its standard input and output.
///
/// The server's key must be among the known hosts; the client authenticates with its key. No agent, no
/// password, and no way to skip the check.
class SshChannel : public ByteStream {
 public:
  /// Connects, checks the host key, logs in and starts `command`. Throws Error: transient (unreachable,
  /// silent), untrusted (host key), invalid (client key rejected). `stop` must outlive this.
  SshChannel(const config::Url& url, const Login& login, const std::string& command, const Connect& connect,
             const std::atomic<bool>& stop);
  ~SshChannel() override;

  std::size_t read(char* into, std::size_t most) override;
  void write(std::string_view bytes);

  /// The command's standard error so far; printable.
  std::string complaint();

 private:
  struct FreeSession {
    void operator()(LIBSSH2_SESSION* raw) const;
  };
  struct FreeChannel {
    void operator()(LIBSSH2_CHANNEL* raw) const;
  };
  /// Shuts the socket down between the two destructors: libssh2 does not free a session that still waits for
  /// the server to close a channel ("again"). A destructor cannot wait, and with the socket shut down it need
  /// not.
  struct HangUp {
    const Fd& socket;
    ~HangUp();
  };

  void check_host_key(const config::Url& url, std::string_view known_hosts);
  void log_in(const config::Url& url, const Login& login);
  /// Repeats a libssh2 call until it is done or the server has been silent for too long.
  long until_done(auto call);
  std::string reason() const;

  const std::atomic<bool>& stop_;
  std::string server_;
  Fd socket_;
  std::unique_ptr<LIBSSH2_SESSION, FreeSession> session_;
  HangUp hang_up_{socket_};
  std::unique_ptr<LIBSSH2_CHANNEL, FreeChannel> channel_;
};

}  // namespace greenwave::git
