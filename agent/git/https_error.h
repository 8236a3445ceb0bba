#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace greenwave::git {

/// The Error for a failed transfer, from curl's CURLcode and message.
Error transfer_error(int curl_code, std::string_view reason, const std::string& address);

/// The Error for an unsuccessful HTTP status. `with_credentials`: the request had some.
Error status_error(long status, const std::string& address, bool with_credentials);

}  // namespace greenwave::git
