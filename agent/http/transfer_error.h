#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/curl.h"

namespace greenwave::http {

/// What went wrong between here and a server.
enum class Trouble {
  unknown_host,
  unknown_proxy,
  unreachable,         ///< refused, or no route
  silent,              ///< too slow, or for too long
  untrusted,           ///< the server's certificate does not verify
  bad_authorities,     ///< they cannot be read
  bad_certificate,     ///< the client's, or its key
  certificate_wanted,  ///< the server wants one of the client
  no_tls,
  bad_address,
  too_large,  ///< the answer
  lost,
};

/// There is no response, or not all of it.
class TransferError : public Error {
 public:
  TransferError(Trouble trouble, Fault fault, std::string message, std::string remedy, int os_error = 0)
      : Error(fault, std::move(message), std::move(remedy)), trouble_(trouble), os_error_(os_error) {}
  Trouble trouble() const { return trouble_; }
  /// errno of a connection that failed; zero if there is none.
  int os_error() const { return os_error_; }

 private:
  Trouble trouble_;
  int os_error_;
};

/// What people can do about it: callers know where what is wrong is written.
struct Remedies {
  std::string_view unknown_host = "is the device online, and the host right?";
  std::string_view unknown_proxy = "check https_proxy in the environment";
  std::string_view unreachable = "is the server up?";
  std::string_view silent = "the connection was lost, or the server hangs";
  std::string_view wrong_host = "the host in the address must be in the certificate";
  std::string_view unknown_authority =
      "the authority that signed the server's certificate must be the one that is configured";
  std::string_view bad_authorities = "the authorities must be certificates in PEM form";
  std::string_view bad_certificate =
      "the client's certificate and key must be one pair, in PEM form, without a passphrase";
  std::string_view certificate_wanted = "the server wants a client's certificate";
  std::string_view no_tls = "does the server speak TLS 1.2 or 1.3 on this port?";
  std::string_view bad_address = "the address must be https://HOST:PORT";
  std::string_view lost = "the connection was lost; it is tried again";
};

/// How the last request of `easy` failed. `server` is the server as people know it, its address say.
TransferError transfer_error(const Easy& easy, CURLcode code, std::string_view server,
                             const Remedies& remedies);

}  // namespace greenwave::http
