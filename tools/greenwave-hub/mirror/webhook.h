#pragma once

#include <string_view>

#include "http/message.h"

namespace greenwave::hub {

/// Whether a webhook comes from who knows the secret. GitHub signs the body (X-Hub-Signature-256:
/// sha256=HEX), as Gitea and Forgejo do, which also send the digits alone (X-Gitea-Signature), and Bitbucket
/// (X-Hub-Signature: sha256=HEX); GitLab sends the secret itself (X-Gitlab-Token), and Azure DevOps as the
/// password of Basic authentication. A signature decides alone where there is one. Takes as long whatever is
/// wrong. False where the secret is empty. Pure.
bool is_genuine(const HttpRequest& request, std::string_view secret);

}  // namespace greenwave::hub
