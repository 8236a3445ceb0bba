#pragma once

#include <string>
#include <string_view>

#include "lint/findings.h"

namespace greenwave::cli {

/// Looks for secrets in clear text, in every file of the tree: keys and tokens by the forms that their
/// issuers give them, and members called password, token and so on that hold a text of their own.
void find_secrets(const SourceTree& tree, LintFindings& findings);

/// Of one file. Never puts the secret itself into a finding.
void find_secrets(const std::string& file, std::string_view text, LintFindings& findings);

/// A line as it may be shown: what looks like a secret is replaced by dots.
std::string without_secrets(std::string_view line);

}  // namespace greenwave::cli
