#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace greenwave::http {

enum class Certificate {
  checked,
  any,  ///< the server's name proves nothing: only for a look whether it answers
};

/// The status that a GET of `url` is answered with; `headers` are "Name: value". The body is of no interest,
/// redirects are not followed, and no proxy is asked. Throws Error (transient) when
/// there is no answer in time. Touches nothing that is shared.
long get_status(const std::string& url, const std::vector<std::string>& headers, Duration timeout,
                Certificate certificate = Certificate::checked);

}  // namespace greenwave::http
