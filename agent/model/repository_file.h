#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/source_tree.h"

namespace greenwave {

/// Whether the bytes are what Git LFS keeps in the repository in place of a file
/// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
bool is_lfs_pointer(std::string_view bytes);

/// Throws Error (invalid) if the bytes of the file `path` are such a pointer.
void refuse_lfs_pointer(const std::string& path, std::string_view bytes);

/// SourceTree::read for what is used as it is: never a pointer. `path` has no links.
std::string read_file(const SourceTree& tree, const std::string& path, std::size_t cap);

}  // namespace greenwave
