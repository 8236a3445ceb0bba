#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
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
};
constexpr bool is_known(Ask ask) {
  return ask <= Ask::unpack;
}

struct Poll {
  Login login;
  std::vector<std::string> refs;
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

void write(sandbox::Writer& writer, const Begin& begin);
void read(sandbox::Reader& reader, Begin& begin);
void write(sandbox::Writer& writer, const Poll& poll);
void read(sandbox::Reader& reader, Poll& poll);
void write(sandbox::Writer& writer, const Fetch& fetch);
void read(sandbox::Reader& reader, Fetch& fetch);
void write(sandbox::Writer& writer, const Progress& progress);
void read(sandbox::Reader& reader, Progress& progress);
void write(sandbox::Writer& writer, const Base& base);
void read(sandbox::Reader& reader, Base& base);
void write(sandbox::Writer& writer, const Failure& failure);
void read(sandbox::Reader& reader, Failure& failure);
void write(sandbox::Writer& writer, const Counters& counters);
void read(sandbox::Reader& reader, Counters& counters);

/// The largest object is that which fits into the memory of a fetch.
inline constexpr std::size_t longest_message = (96 << 20) + (64 << 10);

}  // namespace greenwave::git::confined

namespace greenwave::git {

void write(sandbox::Writer& writer, const Login& login);
void read(sandbox::Reader& reader, Login& login);
void write(sandbox::Writer& writer, const FetchRequest& request);
void read(sandbox::Reader& reader, FetchRequest& request);
void write(sandbox::Writer& writer, const FetchLimits& limits);
void read(sandbox::Reader& reader, FetchLimits& limits);
void write(sandbox::Writer& writer, const Fetched& fetched);
void read(sandbox::Reader& reader, Fetched& fetched);
void write(sandbox::Writer& writer, const Tip& tip);
void read(sandbox::Reader& reader, Tip& tip);
void write(sandbox::Writer& writer, const BundleHeader& header);
void read(sandbox::Reader& reader, BundleHeader& header);

}  // namespace greenwave::git
