#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace greenwave::git {

/// Why a transfer failed, from curl's CURLcode and its own words.
Error transfer_error(int curl_code, std::string_view reason, const std::string& address);

/// Why an answer is no use, from its HTTP status. `with_credentials`: some were sent.
Error status_error(long status, const std::string& address, bool with_credentials);

}  // namespace greenwave::git
