#include "model/source_tree.h"

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave {

std::string SourceTree::read_encrypted(const std::string& path, std::size_t) const {
  throw Error(Fault::invalid, fmt::format("{}: it is encrypted, and there is no identity to open it", path),
              "make one with greenwave identity, and encrypt it for that as well");
}

}  // namespace greenwave
