// A kubeconfig.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "drivers/kubernetes/kubeconfig.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const auto found = drivers::kubernetes::parse_kubeconfig(
        std::string_view(reinterpret_cast<const char*>(bytes), size), "/etc/kube/config", "");
    if (!found.server.starts_with("https://")) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
