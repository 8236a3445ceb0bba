// A whole repository: the input is its files, each begun by a line "=== PATH". Small ones do not become
// large: what a render holds is bounded by what all manifests may take (render/collect.cpp) and what may be
// inserted into them.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <sanitizer/allocator_interface.h>

#include "render/object/variables.h"
#include "render/render.h"
#include "support/marked_files.h"
#include "support/memory_tree.h"

using namespace greenwave;

namespace {

constexpr std::size_t most_of_manifests = 64 << 20;
constexpr std::size_t most_else = 16 << 20;  // the cluster, the problems

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const test::MemoryTree tree(test::marked_files({reinterpret_cast<const char*>(bytes), size}));
  const auto held_before = __sanitizer_get_current_allocated_bytes();
  try {
    const auto rendered = render::render(tree, {"sf-0042", {{"model", "atc"}}, {{"arch", "arm64"}}});
    const auto held = __sanitizer_get_current_allocated_bytes() - held_before;
    if (held > most_of_manifests + render::most_inserted + most_else) std::abort();
    for (const auto& manifest : rendered.manifests) {
      if (manifest.digest.is_zero() || manifest.id.name.empty()) std::abort();
    }
    const auto in_order = [](const auto& list, auto less) {
      return std::adjacent_find(list.begin(), list.end(),
                                [less](const auto& a, const auto& b) { return !less(a, b); }) == list.end();
    };
    if (!in_order(rendered.manifests, [](const auto& a, const auto& b) { return a.id < b.id; })) std::abort();
    if (!in_order(rendered.refused, [](const auto& a, const auto& b) { return a < b; })) std::abort();
    if (!rendered.complete && !rendered.problems.has_errors()) std::abort();
    if (!rendered.refused.empty() && !rendered.problems.has_errors()) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
