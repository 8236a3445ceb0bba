// What an agent may ask a renderer: the input is one whole message, to which no file follows.

#include <cstdint>
#include <string_view>

#include "render/confined/messages.h"
#include "render/confined/serve.h"
#include "sandbox/channel.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto ends = sandbox::make_ends();
  sandbox::Channel ours(std::move(ends.ours), 1 << 20, {});
  sandbox::Channel theirs(std::move(ends.theirs), 1 << 20, {.silence = std::chrono::milliseconds(1)});
  if (size > 4096) return 0;
  ours.send({reinterpret_cast<const char*>(bytes), size});
  render::confined::answer(theirs);
  return 0;
}
