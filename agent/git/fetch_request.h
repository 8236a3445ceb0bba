#pragma once

#include <string>
#include <vector>

namespace greenwave::git {

/// What one fetch asks a server for. Names are 40 hexadecimal digits.
struct FetchRequest {
  std::vector<std::string> wants;
  std::vector<std::string> haves;    ///< commits that are here with everything they need
  std::vector<std::string> shallow;  ///< commits that are here without their parents
  bool tip_only = false;             ///< only the wanted commits, without their history
  bool bare = false;                 ///< only the wanted objects, not those they refer to
};

}  // namespace greenwave::git
