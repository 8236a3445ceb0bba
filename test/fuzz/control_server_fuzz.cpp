// The control server over its socket: whatever a client sends, it is answered in HTTP or cut off, soon, and
// the next client is served.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "fuzz/loose_pack.h"
#include "unit/control/raw_client.h"
#include "unit/control/served.h"

using namespace greenwave;

namespace {

/// A control server whose agent has something to tell.
struct Device : test::Served {
  Device() : Served({.idle = std::chrono::seconds(2)}) {
    std::filesystem::create_directories(config.state_directory);
    agent.current.checks_commits = true;
    agent.known.push_back({{"object", "File/motd"}, {"state", "in sync"}});
    agent.events = {{"phase", "polling", "", true, 0}, {"done", "in sync", "", true, 0}};
  }
};

Device& device() {
  static Device made;
  return made;
}

void forget_requests() {
  const std::lock_guard lock(device().agent.mutex);
  device().agent.requests.clear();
  device().agent.runs.clear();
  device().agent.resumed.clear();
}

/// A bundle is taken, so nothing that came before still holds the one place for it.
void check_that_it_serves() {
  const auto reply = test::request(device().socket(), "POST", "/v1/bundle?wait=false", "a bundle");
  if (reply.status == 202) return;
  std::fprintf(stderr, "The next client got %d: %s\n", reply.status, reply.body.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::RawClient client(device().socket());
  client.send(std::string(reinterpret_cast<const char*>(data), size));
  client.end();
  const auto reply = client.read_all();
  if (!client.is_closed()) std::abort();
  if (!reply.empty() && !reply.starts_with("HTTP/1.")) std::abort();
  static unsigned inputs = 0;
  if (++inputs % 64 == 0) check_that_it_serves();
  forget_requests();
  return 0;
}

/// Mostly with the length that the body has.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  fuzz::Random random(seed);
  const auto grown = LLVMFuzzerMutate(data, size, most);
  std::string request(reinterpret_cast<const char*>(data), grown);
  const std::string name = "Content-Length: ";
  const auto at = request.find(name);
  const auto body = request.find("\r\n\r\n");
  if (random() % 8 == 0 || at == request.npos || body == request.npos || body < at) return grown;
  const auto value = at + name.size();
  const auto line_end = request.find("\r\n", value);
  return fuzz::hand_back(request.replace(value, line_end - value, std::to_string(request.size() - body - 4)),
                         data, most);
}
