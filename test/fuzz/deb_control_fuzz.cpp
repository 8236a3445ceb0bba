#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "dpkg/package.h"

using namespace greenwave;

/// The bytes as the control data of a .deb, and as dpkg's status file; each package against the others.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    dpkg::package_of(dpkg::read_control(bytes, "control data"));
  } catch (const Error&) {
  }
  try {
    dpkg::Table table(bytes);
    for (const auto& package : table.packages()) {
      dpkg::against(table, package);
      dpkg::against_removal(table, package.name);
    }
    table.update(bytes);
  } catch (const Error&) {
  }
  return 0;
}
