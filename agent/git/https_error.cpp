#include "git/https_error.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

bool has(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

Error certificate_error(const std::string& what) {
  if (has(what, "expired") || has(what, "not yet valid")) {
    return Error(
        Fault::untrusted, what,
        fmt::format("this device's clock says {}: if that is right, the server needs a new certificate",
                    to_iso(SystemClock().now())));
  }
  if (has(what, "subject name") || has(what, "host name") || has(what, "hostname")) {
    return Error(Fault::untrusted, what, "the host in repository.url must be one that the certificate names");
  }
  return Error(Fault::untrusted, what,
               "name the certificate of the authority that signed the server's in credentials.caFile");
}

}  // namespace

Error transfer_error(int curl_code, std::string_view reason, const std::string& address) {
  const auto code = static_cast<CURLcode>(curl_code);
  const auto what =
      fmt::format("{}: {}", address, printable(reason.empty() ? curl_easy_strerror(code) : reason));
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error(
          Fault::transient, what,
          "DNS does not know the host or does not answer: is the device online, and the host right?");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error(Fault::transient, what, "look at https_proxy in the agent's environment");
    case CURLE_COULDNT_CONNECT:
      return Error(Fault::transient, what, "is the device online, and the server up?");
    case CURLE_OPERATION_TIMEDOUT:
      return Error(Fault::transient, what, "a lost connection, or a server that hangs");
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_error(what);
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Fault::invalid, what, "credentials.caFile must hold certificates in PEM form");
    case CURLE_SSL_CERTPROBLEM:
      return Error(Fault::invalid, what,
                   "credentials.clientCertificate and clientKey must hold one pair, in PEM form, without a "
                   "passphrase");
    case CURLE_SSL_CONNECT_ERROR:
      return Error(Fault::transient, what, "does the server speak TLS 1.2 or 1.3 on this port?");
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(Fault::invalid, what, "only https:// is spoken here");
    default:
      if (has(reason, "certificate required") || has(reason, "bad certificate")) {
        return Error(Fault::invalid, what, "the server wants credentials.clientCertificate and clientKey");
      }
      return Error(Fault::transient, what, "the connection was lost; it is tried again");
  }
}

Error status_error(long status, const std::string& address, bool with_credentials) {
  const auto what = fmt::format("{}: the server answers {}", address, status);
  switch (status) {
    case 400:
    case 495:
    case 496:
      return Error(Fault::invalid, what + " (bad request)",
                   "does it want credentials.clientCertificate and clientKey?");
    case 401:
      return with_credentials ? Error(Fault::invalid, what + ": it does not accept the credentials",
                                      "has the token or password expired? Write a new one to its file")
                              : Error(Fault::invalid, what + ": it wants credentials",
                                      "name a file in credentials.tokenFile, or username and passwordFile");
    case 403:
      return Error(Fault::invalid, what + " (forbidden)",
                   "the account must be allowed to read the repository");
    case 404:
    case 410:
      return Error(Fault::invalid, what + ": there is no git repository",
                   "correct repository.url; some servers answer so too when the credentials are wrong");
    case 407:
      return Error(Fault::invalid, what + ": the proxy wants credentials", "put them into https_proxy");
    case 429:
      return Error(Fault::transient, what + " (too many requests)", "it is tried again later");
    default:
      return status >= 500 ? Error(Fault::transient, what, "the server has a problem; it is tried again")
                           : Error(Fault::invalid, what, "is repository.url a git repository?");
  }
}

}  // namespace greenwave::git
