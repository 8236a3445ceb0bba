#pragma once

#include <string>
#include <string_view>

namespace greenwave::http {

/// For a part of a URL: all but the unreserved characters of RFC 3986, and those in `plain`, as %XX.
std::string encoded(std::string_view text, std::string_view plain = {});

}  // namespace greenwave::http
