// What a renderer that was taken over may say to the agent: the input is one whole message.

#include <cstdint>
#include <string_view>

#include "render/confined/checks.h"
#include "render/confined/codec.h"
#include "render/confined/messages.h"
#include "support/memory_tree.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const test::MemoryTree tree({{"files/b", "b"}, {"greenwave.yaml", ""}});
  const render::Recipient recipient{.device = "sf-0042"};
  sandbox::Reader reader({reinterpret_cast<const char*>(bytes), size}, 64 << 20);
  try {
    if (reader.one<bool>()) {
      auto rendered = reader.one<render::Rendered>();
      render::confined::check(rendered, tree, recipient);
    } else {
      auto found = reader.one<render::Membership>();
      render::confined::check(found, recipient);
    }
  } catch (const sandbox::Malformed&) {
  }
  return 0;
}
