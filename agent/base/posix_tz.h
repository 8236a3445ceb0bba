#pragma once

#include <string_view>

#include "base/time_zone.h"

namespace greenwave {

/// Reads a POSIX TZ string ("PST8PDT,M3.2.0,M11.1.0"), with the extensions of RFC 8536, section 3.3.1. Throws
/// Error (invalid).
TimeZone::Rule parse_posix_tz(std::string_view text);

}  // namespace greenwave
