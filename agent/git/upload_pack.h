#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "git/byte_stream.h"
#include "git/hold.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// A server's git-upload-pack, over any connection. Returned streams are valid until the next call.
class UploadPack {
 public:
  virtual ~UploadPack() = default;

  /// Starts a conversation. The server sends its capabilities (protocol v2) or its refs (older).
  virtual ByteStream& greet() = 0;
  /// Sends a request and returns the response. Without a greeting first only if `stateless` is true.
  virtual ByteStream& ask(std::string_view request) = 0;
  /// Whether requests are independent of each other, as over HTTP.
  virtual bool stateless() const = 0;
  /// What a ref points to, if the server offers that more cheaply than the protocol does; nothing if it
  /// doesn't.
  virtual std::optional<CommitId> quick_tip(const std::string& /*ref*/) { return {}; }
  /// The text of the file that says what a ref names, a signed tip perhaps; nothing if there is none.
  virtual std::optional<std::string> tip_text(const std::string& /*ref*/) { return {}; }
  /// Whether the last of these found a server that can answer it as late as the ref changes.
  virtual bool can_hold() const { return false; }
  /// Asks what these asked last, to be answered so late; see Upstream.
  virtual Held hold(const Hold& /*hold*/) { return Held::refused; }
  /// Call after the last response of a conversation.
  virtual void leave() = 0;
  virtual std::uint64_t bytes_received() const = 0;
  /// See Upstream.
  virtual int kept_connection() const { return -1; }
  /// See Transport.
  virtual Duration retry_after() const { return {}; }
};

}  // namespace greenwave::git
