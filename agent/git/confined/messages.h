#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "git/bundle_header.h"
#include "git/fetch_request.h"
#include "git/landing.h"
#include "git/login.h"
#include "git/upstream.h"
#include "sandbox/wire.h"

namespace greenwave::git::confined {

/// The agent's first message, with the bundle's file where it is about one.
struct Begin {
  std::string address;  ///< a repository's URL; empty: a bundle
  std::string bundle;   ///< its name, for messages
};

/// What the agent asks. Each is answered with any number of messages up to Say::answer or Say::failure.
enum class Ask : std::uint8_t {
  poll,            ///< Poll → Tip
  single_objects,  ///< Login → bool
  fetch,           ///< Fetch → bool, and objects
  leave,           ///< → bool: whether a connection is worth keeping
  header,          ///< → BundleHeader
  unpack,          ///< FetchLimits → objects
  hold,            ///< Waiting → Held
  stated_tip,      ///< Poll → StatedTip
  find,            ///< Poll, of one ref → std::optional<CommitId>
  end_hold,        ///< ends `hold`; has no answer of its own
};
constexpr bool is_known(Ask ask) {
  return ask <= Ask::end_hold;
}

struct Poll {
  Login login;
  std::vector<std::string> refs;
};

struct Waiting {
  Login login;
  Duration most{};
};

struct Fetch {
  Login login;
  FetchRequest request;
  FetchLimits limits;
  Fetched so_far;
};

/// What the fetcher says.
enum class Say : std::uint8_t {
  ready,     ///< first of all: what confinement this machine lacks, in words
  progress,  ///< Progress
  connect,   ///< Endpoint; the agent answers with Connected, and the socket
  base,      ///< an object's name, which a delta refers to; the agent answers with Base
  expect,    ///< how many objects follow
  objects,   ///< Object, one after the other
  answer,    ///< Counters, and what was asked for
  failure,   ///< Counters, Failure
};
constexpr bool is_known(Say say) {
  return say <= Say::failure;
}

struct Progress {
  std::uint64_t bytes = 0;  ///< since the last message
  std::uint64_t objects = 0;
  std::uint64_t announced = 0;
};

struct Base {
  bool is_there = false;
  std::int32_t type = 0;  ///< git_object_t
  std::string content;
};

struct Failure {
  Fault fault{};
  std::string message;
  std::string remedy;
  bool unusable = false;  ///< git::Unusable
};
Failure failure_of(const Error& error);
[[noreturn]] void raise(const Failure& failure);

struct Counters {
  std::uint64_t bytes_received = 0;  ///< since the fetcher started
  Duration retry_after{};
};

inline auto members(Begin& begin) {
  return std::tie(begin.address, begin.bundle);
}
inline auto members(Poll& poll) {
  return std::tie(poll.login, poll.refs);
}
inline auto members(Waiting& waiting) {
  return std::tie(waiting.login, waiting.most);
}
inline auto members(Fetch& fetch) {
  return std::tie(fetch.login, fetch.request, fetch.limits, fetch.so_far);
}
inline auto members(Progress& progress) {
  return std::tie(progress.bytes, progress.objects, progress.announced);
}
inline auto members(Base& base) {
  return std::tie(base.is_there, base.type, base.content);
}
inline auto members(Failure& failure) {
  return std::tie(failure.fault, failure.message, failure.remedy, failure.unusable);
}
inline auto members(Counters& counters) {
  return std::tie(counters.bytes_received, counters.retry_after);
}

/// The largest object is that which fits into the memory of a fetch.
inline constexpr std::size_t longest_message = (96 << 20) + (64 << 10);

}  // namespace greenwave::git::confined

namespace greenwave::git {

inline auto members(Login& login) {
  return std::tie(login.username, login.password, login.ssh_key, login.known_hosts, login.authorities,
                  login.client_certificate, login.client_key, login.ssh_key_file);
}
inline auto members(FetchRequest& request) {
  return std::tie(request.wants, request.haves, request.shallow, request.depth, request.bare);
}
inline auto members(FetchLimits& limits) {
  return std::tie(limits.bytes, limits.objects, limits.work.memory, limits.work.unpacked, limits.work.cpu);
}
inline auto members(Fetched& fetched) {
  return std::tie(fetched.bytes, fetched.objects, fetched.spent.unpacked, fetched.spent.cpu);
}
inline auto members(Tip& tip) {
  return std::tie(tip.commit, tip.ref, tip.can_be_held);
}
inline auto members(StatedTip& tip) {
  return std::tie(tip.ref, tip.text, tip.can_be_held);
}
inline auto members(BundleHeader& header) {
  return std::tie(header.prerequisites, header.refs, header.made_for, header.size);
}

}  // namespace greenwave::git

namespace greenwave {

constexpr bool is_known(Fault fault) {
  return fault >= Fault::transient && fault <= Fault::internal;
}

/// 40 digits, and nothing else.
void write(sandbox::Writer& writer, const CommitId& commit);
void read(sandbox::Reader& reader, CommitId& commit);

}  // namespace greenwave
