#pragma once

#include <array>

namespace greenwave::hub {

/// Step N brings the schema from version N to N + 1; a released step never changes. What holds for all
/// tables: the city is first in every key, there are no sequences, and a device's id is unique within its
/// city. So a table can be distributed by its city (schema.cpp says by which statements).
extern const std::array<const char*, 5> schema_steps;

}  // namespace greenwave::hub
