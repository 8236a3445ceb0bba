#include <cstdint>
#include <string_view>

#include "git/known_hosts.h"
#include "git/ssh_key.h"

// Whatever stands in known_hosts, judging a key by it ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const greenwave::git::KnownHosts hosts(text, "git.example", size % 2 == 0 ? 22 : 2222);
  hosts.judge(text.substr(size / 2));
  greenwave::git::fingerprint(text);
  return 0;
}
