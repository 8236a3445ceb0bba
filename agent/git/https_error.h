#pragma once

#include <string>

#include "base/error.h"

namespace greenwave::git {

/// The Error for an unsuccessful HTTP status. `with_credentials`: the request had some.
Error status_error(long status, const std::string& address, bool with_credentials);

}  // namespace greenwave::git
