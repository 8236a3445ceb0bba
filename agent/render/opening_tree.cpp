#include "render/opening_tree.h"

#include <algorithm>

#include "secrets/age.h"

namespace greenwave::render {

std::string OpeningTree::read_encrypted(const std::string& path, std::size_t cap) const {
  const auto bytes = tree_->read(path, std::min(cap, secrets::largest_age_file));
  if (!engine_) engine_ = begin_();
  return engine_->open(path, bytes);
}

}  // namespace greenwave::render
