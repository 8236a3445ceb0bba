#pragma once

#include <filesystem>
#include <memory>

#include "state/handle.h"

namespace greenwave::state {

/// Opens or creates the file for writing, alone, and brings its schema up to date.
std::unique_ptr<Database> open_database(const std::filesystem::path& file);

/// Whether every page can be read.
bool is_sound(Database& database);

/// Whether the schema is the one that this program reads.
bool is_current(Database& database);

}  // namespace greenwave::state
