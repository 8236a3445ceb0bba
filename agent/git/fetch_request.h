#pragma once

#include <string>
#include <vector>

namespace greenwave::git {

/// What is asked of a server in one fetch. Names are 40 hexadecimal digits.
struct FetchRequest {
  std::vector<std::string> wants;
  std::vector<std::string> haves;    ///< commits that are here, with all that they need
  std::vector<std::string> shallow;  ///< commits that are here without their parents
  bool tip_only = false;             ///< the wanted commits without their history
  bool bare = false;                 ///< only the wanted objects, nothing that they lead to
};

}  // namespace greenwave::git
