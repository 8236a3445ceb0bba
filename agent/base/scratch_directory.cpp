#include "base/scratch_directory.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave {

namespace fs = std::filesystem;

ScratchDirectory::ScratchDirectory(std::string_view purpose) {
  auto name = (fs::temp_directory_path() / fmt::format("greenwave-{}-XXXXXX", purpose)).native();
  if (::mkdtemp(name.data()) == nullptr) throw system_error("create the directory", name);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace greenwave
