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
    return Error(Fault::untrusted, what, "the host in repository.url must be in the certificate");
  }
  return Error(Fault::untrusted, what,
               "set credentials.caFile to the certificate of the authority that signed the server's");
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
          "the host is unknown to DNS, or DNS does not answer: is the device online, and is the host right?");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error(Fault::transient, what, "check https_proxy in the agent's environment");
    case CURLE_COULDNT_CONNECT:
      return Error(Fault::transient, what, "is the device online, and is the server up?");
    case CURLE_OPERATION_TIMEDOUT:
      return Error(Fault::transient, what, "the connection was lost, or the server hangs");
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_error(what);
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Fault::invalid, what, "credentials.caFile must contain certificates in PEM format");
    case CURLE_SSL_CERTPROBLEM:
      return Error(
          Fault::invalid, what,
          "credentials.clientCertificate and clientKey must be a matching pair, in PEM format, without a "
          "passphrase");
    case CURLE_SSL_CONNECT_ERROR:
      return Error(Fault::transient, what, "does the server speak TLS 1.2 or 1.3 on this port?");
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(Fault::invalid, what, "only https:// is supported");
    default:
      if (has(reason, "certificate required") || has(reason, "bad certificate")) {
        return Error(Fault::invalid, what, "the server requires credentials.clientCertificate and clientKey");
      }
      return Error(Fault::transient, what, "the connection was lost; the agent tries again");
  }
}

Error status_error(long status, const std::string& address, bool with_credentials) {
  const auto what = fmt::format("{}: the server returned {}", address, status);
  switch (status) {
    case 400:
    case 495:
    case 496:
      return Error(Fault::invalid, what + " (bad request)",
                   "does it require credentials.clientCertificate and clientKey?");
    case 401:
      return with_credentials ? Error(Fault::invalid, what + ": it rejected the credentials",
                                      "has the token or password expired? Write a new one to its file")
                              : Error(Fault::invalid, what + ": it requires credentials",
                                      "set credentials.tokenFile, or username and passwordFile");
    case 403:
      return Error(Fault::invalid, what + " (forbidden)",
                   "the account must be allowed to read the repository");
    case 404:
    case 410:
      return Error(Fault::invalid, what + ": no git repository here",
                   "fix repository.url; some servers also return this when the credentials are wrong");
    case 407:
      return Error(Fault::invalid, what + ": the proxy requires credentials", "put them into https_proxy");
    case 429:
      return Error(Fault::transient, what + " (too many requests)", "the agent tries again later");
    default:
      return status >= 500 ? Error(Fault::transient, what, "the server has a problem; the agent tries again")
                           : Error(Fault::invalid, what, "is repository.url a git repository?");
  }
}

}  // namespace greenwave::git
