// What people hand to greenwave init and lint: lists of intersections, and any file of a repository.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "init/devices.h"
#include "lint/lint.h"
#include "lint/secrets.h"
#include "support/memory_tree.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto make : {cli::inventory_from_csv, cli::inventory_from_geojson}) {
    try {
      make(text, "devices", "city");
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) __builtin_trap();
    }
  }
  const test::MemoryTree tree({{"a.yaml", text}});
  const auto report = cli::lint(tree, {});
  for (const auto& finding : report.findings) {
    if (cli::without_secrets(finding.line) != finding.line) __builtin_trap();
  }
  return 0;
}
