#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "control/peer.h"
#include "daemon/agent.h"

namespace greenwave::control {

/// Where bundles are posted to.
inline constexpr std::string_view bundle_path = "/v1/bundle";

/// One complete request.
struct Call {
  std::string method;
  std::string path;                          ///< percent-decoded
  std::map<std::string, std::string> query;  ///< percent-decoded
  std::string body;
  std::shared_ptr<const git::BundleFile> bundle;  ///< the body of a bundle_path request, instead of `body`
  Peer peer;
  bool may_choose = false;  ///< see peer.h
};

struct Reply {
  unsigned status = 200;
  std::string body;  ///< JSON
  std::shared_ptr<daemon::Run>
      run;            ///< if set, the reply is this run's events, one per line, instead of `body`
  std::string allow;  ///< the Allow header of a 405
};

/// {"error":…, "remedy":…}
Reply refusal(unsigned status, const std::string& error, const std::string& remedy);

/// Answers the request of a peer that may use the API. Does not throw.
Reply answer(daemon::Agent& agent, const Call& call, const Log& log);

}  // namespace greenwave::control
