#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"
#include "http/client.h"

namespace greenwave::drivers::kubernetes {

/// How to reach an API server, and as which user.
struct Access {
  http::Endpoint endpoint;
  std::string token;                 ///< a bearer token, secret; empty: the certificate names the user
  std::filesystem::path token_file;  ///< where the token was read: it changes there
  std::string namespace_;            ///< for manifests that name none; empty: the configuration names none
};

/// Whether both lead to the same server as the same user.
bool same(const Access& a, const Access& b);

/// Reads it from the kubeconfig that the configuration names, otherwise from the pod's service account if the
/// agent runs in a pod, otherwise from k3s's own file. Throws Error: invalid, or transient if a file does not
/// exist yet. No message contains a key or a token.
Access open_access(const config::Kubernetes& config);

/// The token that its file has now; without a file, the Access's own.
std::string current_token(const Access& access);

}  // namespace greenwave::drivers::kubernetes
