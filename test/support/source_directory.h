#pragma once

#include <filesystem>

namespace greenwave::test {

/// The top of the source tree that the tests were built from.
std::filesystem::path source_directory();

}  // namespace greenwave::test
