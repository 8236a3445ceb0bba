#pragma once

#include <string>
#include <string_view>

namespace greenwave::yaml {

/// JSON writes a character beyond U+FFFF as two escapes, "\ud83d\ude80" (RFC 8259, section 7), which YAML
/// does not know; each such pair becomes the one escape that YAML has for it. Half a pair is left for the
/// reader to complain of. `json` need not be valid.
std::string join_surrogates(std::string_view json);

}  // namespace greenwave::yaml
