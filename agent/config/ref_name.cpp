#include "config/ref_name.h"

#include <algorithm>

#include "base/text.h"

namespace greenwave::config {

bool is_ref_name(std::string_view name) {
  if (name.empty() || name.size() > 250 || name.starts_with('-') || name.ends_with('.') || name == "@") {
    return false;
  }
  if (name.find("..") != std::string_view::npos || name.find("@{") != std::string_view::npos) return false;
  if (name.find_first_of(" ~^:?*[\\") != std::string_view::npos || !is_text(name)) return false;
  if (name.find_first_of("\t\r\n") != std::string_view::npos) return false;
  const auto parts = split(name, '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part.starts_with('.') || part.ends_with(".lock");
  });
}

bool is_repository_name(std::string_view name) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  constexpr std::size_t longest = 100;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of(letters) == std::string_view::npos && name.find_first_of("._-/") != 0;
}

}  // namespace greenwave::config
