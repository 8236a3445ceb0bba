#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/commit_id.h"

namespace greenwave::git {

/// What one fetch asks a server for.
struct FetchRequest {
  std::vector<std::string> wants{};  ///< objects of any type, by their names in hexadecimal
  std::vector<CommitId> haves{};     ///< that are here with everything they need
  std::vector<CommitId> shallow{};   ///< that are here without their parents
  std::uint64_t depth = 0;           ///< only so many generations of commits; 0: all
  bool bare = false;                 ///< only the wanted objects, not those they refer to
};

}  // namespace greenwave::git
