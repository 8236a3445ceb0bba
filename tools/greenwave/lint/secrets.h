#pragma once

#include <string>
#include <string_view>

#include "lint/findings.h"

namespace greenwave::cli {

/// Looks for secrets in clear text in every file of the tree: keys and tokens by their issuers' formats, and
/// literal values of fields called password, token and so on.
void find_secrets(const SourceTree& tree, LintFindings& findings);

/// The same for one file. A finding never contains the secret itself.
void find_secrets(const std::string& file, std::string_view text, LintFindings& findings);

/// The line with everything that looks like a secret masked.
std::string without_secrets(std::string_view line);

}  // namespace greenwave::cli
