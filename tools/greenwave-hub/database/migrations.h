#pragma once

#include <string>

#include "base/log.h"

namespace greenwave::hub {

/// Brings the database to this program's schema, one version after the other, each in a transaction. Any
/// number of hubs may do so at once. `settings` as for Connection. Blocks. Throws Error: transient (no
/// server), invalid (the schema is newer than this program, PostGIS is missing, rights are missing).
void migrate(const std::string& settings, const Log& log);

/// The version that migrate() brings a database to.
int newest_schema();

}  // namespace greenwave::hub
