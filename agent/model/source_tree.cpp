#include "model/source_tree.h"

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave {

std::string SourceTree::read_encrypted(const std::string& path, std::size_t) const {
  throw Error(Fault::invalid,
              fmt::format("{} is encrypted, and this device has no identity to decrypt it", path),
              "create one with greenwave identity, and encrypt the file for it too");
}

}  // namespace greenwave
