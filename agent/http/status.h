#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace greenwave::http {

enum class Certificate {
  checked,
  any,  ///< any certificate is accepted: only to see whether the server answers
};

/// The status that a GET of `url` is answered with; `headers` are "Name: value". The body is ignored,
/// redirects are not followed, and no proxy is used. Throws Error (transient) when
/// there is no answer in time. Touches nothing that is shared.
long get_status(const std::string& url, const std::vector<std::string>& headers, Duration timeout,
                Certificate certificate = Certificate::checked);

}  // namespace greenwave::http
