// greenwave.yaml.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "render/cluster_file.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Problems problems;
  const auto cluster = render::parse_cluster(std::string_view(reinterpret_cast<const char*>(bytes), size),
                                             "greenwave.yaml", problems);
  if (problems.has_errors()) return 0;
  if (cluster.name.empty() || cluster.layers.empty()) std::abort();
  for (const auto& layer : cluster.layers) {
    if (layer.path.starts_with('/')) std::abort();
  }
  return 0;
}
