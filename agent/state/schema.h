#pragma once

#include <filesystem>
#include <memory>

#include "state/handle.h"

namespace greenwave::state {

/// Opens or creates the file for exclusive writing, and upgrades its schema.
std::unique_ptr<Database> open_database(const std::filesystem::path& file);

/// Whether every page can be read.
bool is_sound(Database& database);

/// Whether the file has this program's schema version.
bool is_current(Database& database);

}  // namespace greenwave::state
