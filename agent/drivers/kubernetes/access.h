#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"
#include "http/client.h"

namespace greenwave::drivers::kubernetes {

/// How an API server is reached, and as whom.
struct Access {
  http::Endpoint endpoint;
  std::string token;                 ///< a bearer's; a secret; empty: the certificate says who
  std::filesystem::path token_file;  ///< where it was read, for it changes there
  std::string namespace_;            ///< for manifests that name none; empty: the configuration has no say
};

/// Whether both lead to the same server as the same user.
bool same(const Access& a, const Access& b);

/// Reads it from the kubeconfig that the configuration names; else from a pod's service account where this
/// runs in one; else from k3s's own file. Throws Error (invalid), transient where a file is not there yet. No
/// message holds a key or a token.
Access open_access(const config::Kubernetes& config);

/// The token as its file has it now; that of the Access where there is no file.
std::string current_token(const Access& access);

}  // namespace greenwave::drivers::kubernetes
