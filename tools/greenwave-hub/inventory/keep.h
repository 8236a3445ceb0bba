#pragma once

#include <string>
#include <vector>

#include "database/query.h"
#include "inventory/follower.h"

namespace greenwave::hub {

/// The statements that make the database's inventory and refs those of the repository, to be asked one after
/// the other; each is whole by itself. Rows that stay as they are are not written. Pure.
std::vector<Query> keep_inventory(const std::string& city, const Followed& followed);

}  // namespace greenwave::hub
