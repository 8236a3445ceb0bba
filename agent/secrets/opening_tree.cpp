#include "secrets/opening_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "secrets/age.h"

namespace greenwave::secrets {

void check_encrypted(const std::string& path, std::string_view bytes) {
  if (is_age(bytes)) return;
  throw Error(Fault::invalid, fmt::format("{} ends in .age, but is not encrypted by age", path),
              "encrypt it, or give it another name");
}

std::string OpeningTree::read_encrypted(const std::string& path, std::size_t cap) const {
  const auto bytes = tree_->read(path, std::min(cap, largest_age_file));
  check_encrypted(path, bytes);
  try {
    return open_age(bytes, keys_);
  } catch (const Error& error) {
    throw Error(error.fault(), fmt::format("{}: {}", path, error.message()), error.remedy());
  }
}

}  // namespace greenwave::secrets
