#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace greenwave {

/// Normalises a path as people write it ("./files//motd", ".") to a SourceTree's form ("files/motd", "").
/// Nothing when it is absolute, escapes by "..", or contains a control character.
std::optional<std::string> normal_path(std::string_view written);

/// Resolves `written` relative to `directory`: ("a/b", "../c") is "a/c". Nothing when it is absolute, escapes
/// from the repository, or contains a control character.
std::optional<std::string> resolve_path(std::string_view directory, std::string_view written);

/// "a/b" for ("a", "b"), "b" for ("", "b").
std::string join_path(std::string_view directory, std::string_view name);

/// The path of the directory that contains `path`; "" for items of the root.
std::string_view parent_path(std::string_view path);

/// Calls `visit` with `path`, then with every directory above it, the root ("") last, until it returns true.
/// Returns whether it did.
template <class Visit>
bool any_above(std::string_view path, Visit visit) {
  while (!path.empty()) {
    if (visit(path)) return true;
    path = parent_path(path);
  }
  return visit(path);
}

}  // namespace greenwave
