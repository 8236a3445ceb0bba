#include "git/https_error.h"

#include <fmt/format.h>

namespace greenwave::git {

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
