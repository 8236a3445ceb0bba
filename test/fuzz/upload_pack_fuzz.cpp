#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "git/protocol_v0.h"
#include "git/protocol_v2.h"
#include "git/refs.h"
#include "git/store.h"
#include "git/store_landing.h"
#include "support/local_upload_pack.h"

using namespace greenwave;

// Whatever a server answers, reading it ends with refs, a pack or an Error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::TemporaryDirectory directory;
  static git::Store store(directory / "git");
  static const std::atomic<bool> never{false};
  if (size == 0) return 0;
  test::MemoryStream stream({reinterpret_cast<const char*>(data + 1), size - 1}, 7);
  git::PacketReader reader(stream);
  git::RefSearch refs({"refs/heads/wave/canary", "refs/heads/main"});
  try {
    if (data[0] % 4 == 0) {
      git::read_greeting(reader, refs);
    } else if (data[0] % 4 == 1) {
      git::v2::read_ls_refs(reader, refs);
    } else {
      git::StoreLanding into(store, never, {.bytes = 1 << 20, .objects = 1000}, nullptr);
      git::PackSink sink(into.landing());
      if (data[0] % 4 == 2) {
        git::v2::read_fetch(reader, sink);
      } else {
        git::v0::read_fetch(reader, {}, sink);
      }
    }
    refs.result();
  } catch (const Error&) {
  }
  return 0;
}
