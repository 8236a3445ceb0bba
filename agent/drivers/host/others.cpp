#include "drivers/host/others.h"

#include <fmt/format.h>

namespace greenwave::drivers::host {

const ObjectId* Others::at(const std::string& path) const {
  return render_.places != nullptr ? render_.places->other_at_path(path, id_) : nullptr;
}

bool Others::has_only_begun(const std::string& path) const {
  const auto* owner = at(path);
  return owner != nullptr && render_.places->has_only_begun(*owner, path);
}

std::vector<std::string> Others::below(const std::string& path) const {
  std::vector<std::string> paths;
  if (render_.places == nullptr) return paths;
  for (const auto& held : render_.places->others_below(std::string(plan::path_claim) + path, id_)) {
    paths.emplace_back(held.claim.substr(plan::path_claim.size()));
  }
  return paths;
}

bool Left::is_left(const Others& others, const std::string& path) {
  const auto* owner = others.at(path);
  if (owner == nullptr) return false;
  if (count_++ == 0) first_ = fmt::format("left {}, which is {}'s now", path, to_string(*owner));
  return true;
}

std::string Left::in_words() const {
  return count_ > 1 ? fmt::format("{}, and {} more", first_, count_ - 1) : first_;
}

}  // namespace greenwave::drivers::host
