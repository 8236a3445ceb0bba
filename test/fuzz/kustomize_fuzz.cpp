// A kustomization and what it names: the input is its files, each begun by a line "=== PATH". Whatever they
// hold, a build ends, within its bounds, and either gives objects or says what is wrong.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "render/kustomize/build.h"
#include "support/marked_files.h"
#include "support/memory_tree.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const test::MemoryTree tree(test::marked_files({reinterpret_cast<const char*>(bytes), size}));
  render::kustomize::Limits limits;
  limits.bytes = 1 << 20;
  limits.objects = 100;
  limits.builds = 50;
  Problems problems;
  const auto objects = render::kustomize::build(tree, "", problems, limits);
  if (objects.has_value() == problems.has_errors()) std::abort();
  if (objects && objects->size() > limits.objects) std::abort();
  if (!objects) return 0;
  for (const auto& object : *objects) {
    if (!object.is_map()) std::abort();
  }
  return 0;
}
