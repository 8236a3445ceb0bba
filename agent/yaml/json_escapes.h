#pragma once

#include <string>
#include <string_view>

namespace greenwave::yaml {

/// JSON writes a character beyond U+FFFF as two escapes, "\ud83d\ude80" (RFC 8259, section 7), which YAML
/// does not have. Replaces each such pair with YAML's single escape. Half a pair stays, and the YAML reader
/// reports it. `json` need not be valid.
std::string join_surrogates(std::string_view json);

}  // namespace greenwave::yaml
