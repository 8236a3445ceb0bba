#pragma once

#include "database/query.h"
#include "http/message.h"

namespace greenwave::hub {

/// Which devices are meant, as conditions on greenwave.device_states:
///
///   state=WORD           a status; several of them: any
///   label=KEY:VALUE      several: all
///   wave=NAME  commit=PREFIX  reason=TEXT  listed=true|false
///   q=TEXT               part of the id or the name, in any case
///   bbox=WEST,SOUTH,EAST,NORTH   degrees
///   within=GEOJSON       a polygon
///
/// Throws Error (invalid) for what is not of that form, and for parameters that nothing reads.
void add_filter(Conditions& conditions, const HttpRequest& request);

/// Throws Error (invalid) for a parameter that is in none of these and is none of the filter's.
void expect_parameters(const HttpRequest& request, std::initializer_list<std::string_view> more);

}  // namespace greenwave::hub
