#pragma once

#include <memory>

#include <dirent.h>

#include "base/handle.h"

namespace greenwave {

/// Owner of what opendir(3) returns.
using DirectoryStream = std::unique_ptr<DIR, Freed<closedir>>;

}  // namespace greenwave
