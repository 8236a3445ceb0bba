#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace greenwave::render {

/// A path in the repository as people write it ("./files//motd", "."), made what a SourceTree takes
/// ("files/motd", ""). Nothing when it is absolute, leads out by "..", or holds a control character.
std::optional<std::string> normal_path(std::string_view written);

/// `written`, as a file in `directory` means it: ("a/b", "../c") is "a/c". Nothing when it is absolute, leads
/// out of the repository, or holds a control character.
std::optional<std::string> resolve_path(std::string_view directory, std::string_view written);

/// "a/b" for ("a", "b"), "b" for ("", "b").
std::string join_path(std::string_view directory, std::string_view name);

/// The path of the directory that holds `path`; "" for the root's own items.
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

}  // namespace greenwave::render
