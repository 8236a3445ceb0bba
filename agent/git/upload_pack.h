#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "git/byte_stream.h"

namespace greenwave::git {

/// A server's git-upload-pack, however it is reached. What it hands out is valid until the next call.
class UploadPack {
 public:
  virtual ~UploadPack() = default;

  /// Begins a conversation; the server's capabilities (protocol v2) or its refs (older) come.
  virtual ByteStream& greet() = 0;
  /// Sends a request; the answer comes. Only where `stateless` is true without a greeting before it.
  virtual ByteStream& ask(std::string_view request) = 0;
  /// Each request stands for itself, as over HTTP.
  virtual bool stateless() const = 0;
  /// What a ref points to, where the server tells it more cheaply than by the protocol; nothing where it
  /// doesn't.
  virtual std::optional<std::string> quick_tip(const std::string& /*ref*/) { return {}; }
  /// After the last answer of a conversation.
  virtual void leave() = 0;
  virtual std::uint64_t bytes_received() const = 0;
  /// See Transport.
  virtual Duration retry_after() const { return {}; }
};

}  // namespace greenwave::git
