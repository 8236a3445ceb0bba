#include "model/repository_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave {

bool is_lfs_pointer(std::string_view bytes) {
  constexpr std::size_t largest = 1024;
  // The specification's, and what git-lfs still reads of its early versions.
  constexpr std::string_view versions[] = {"version https://git-lfs.github.com/spec/",
                                           "version https://hawser.github.com/spec/",
                                           "version http://git-media.io/v/"};
  return bytes.size() < largest && std::ranges::any_of(versions, [bytes](std::string_view version) {
           return bytes.starts_with(version);
         });
}

void refuse_lfs_pointer(const std::string& path, std::string_view bytes) {
  if (!is_lfs_pointer(bytes)) return;
  throw Error(Fault::invalid,
              fmt::format("{} is a pointer of Git LFS, and devices fetch nothing from LFS", printable(path)),
              "keep the file itself in the repository (git lfs untrack, then git add --renormalize)");
}

std::string read_file(const SourceTree& tree, const std::string& path, std::size_t cap) {
  auto bytes = tree.read(path, cap);
  refuse_lfs_pointer(path, bytes);
  return bytes;
}

}  // namespace greenwave
