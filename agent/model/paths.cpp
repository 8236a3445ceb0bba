#include "model/paths.h"

#include "base/text.h"

namespace greenwave {

namespace {

bool is_relative(std::string_view written) {
  return !written.starts_with('/') && printable(written) == written;
}

}  // namespace

std::optional<std::string> normal_path(std::string_view written) {
  if (!is_relative(written)) return {};
  std::string path;
  for (const auto part : split(written, '/')) {
    if (part == "..") return {};
    if (part.empty() || part == ".") continue;
    path = join_path(path, part);
  }
  return path;
}

std::optional<std::string> resolve_path(std::string_view directory, std::string_view written) {
  if (!is_relative(written)) return {};
  std::string path(directory);
  for (const auto part : split(written, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (path.empty()) return {};
      path.resize(parent_path(path).size());
    } else {
      path = join_path(path, part);
    }
  }
  return path;
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty()) path += '/';
  path += name;
  return path;
}

std::string_view parent_path(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace greenwave
