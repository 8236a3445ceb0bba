// What a fetcher that was taken over may say to the agent: the input is the bytes on its end of the channel.
// Objects that come are in the store under the names of their bytes, and what is malformed ends the fetcher.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <sys/socket.h>

#include "git/confined/confined_upstream.h"
#include "git/store_landing.h"
#include "scratch_store.h"

using namespace greenwave;
using namespace greenwave::git::confined;

namespace {

/// Has said all that it will say.
class Script : public sandbox::Peer {
 public:
  Script(sandbox::Ends ends, sandbox::Channel::Patience patience, std::string_view bytes)
      : theirs_(std::move(ends.theirs)), channel_(std::move(ends.ours), 1 << 20, std::move(patience)) {
    if (::send(theirs_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) std::abort();
    ::shutdown(theirs_.get(), SHUT_WR);
  }

  sandbox::Channel& channel() override { return channel_; }
  bool has_ended() const override { return false; }
  Error lost(const Error& error) override { return {Fault::transient, error.message()}; }

 private:
  Fd theirs_;
  sandbox::Channel channel_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* raw, std::size_t size) {
  constexpr std::size_t most = 100'000;  // what a socket takes at once
  if (size == 0 || size > most) return 0;
  static const test::TemporaryDirectory directory("/dev/shm");
  const std::atomic<bool> never{false};
  const std::string_view bytes(reinterpret_cast<const char*>(raw), size);
  fuzz::ScratchStore scratch;
  RemoteParts parts{.quarantine = directory / "quarantine", .stop = never};
  parts.silence = std::chrono::seconds(1);
  parts.start = [bytes](sandbox::Channel::Patience patience, int) -> std::unique_ptr<sandbox::Peer> {
    return std::make_unique<Script>(sandbox::make_ends(), std::move(patience), bytes);
  };
  ConfinedUpstream upstream(std::move(parts), "file:///nonexistent", [] { return git::Login(); });
  try {
    git::StoreLanding into(scratch.store(), never, fuzz::limits, nullptr);
    git::FetchRequest request;
    request.wants = {std::string(40, '1')};
    upstream.fetch(request, into.landing());
  } catch (const Error& error) {
    if (error.fault() == Fault::internal) return 0;  // it may say so
  }
  fuzz::read_objects(scratch.store());
  return 0;
}
