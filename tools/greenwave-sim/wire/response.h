#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::sim {

/// Of an HTTP/1.1 response, what an agent looks at.
struct Response {
  int status = 0;
  std::string etag{};
  bool varies_by_preference = false;
  std::optional<std::uint32_t> applied_wait{};
  Duration retry_after{};
  std::string body{};  ///< its first bytes: as much as was asked to be kept
  bool keeps_connection = true;
};

/// Reads one response as its bytes arrive: RFC 9112, with Content-Length, chunked, or up to the end of the
/// connection.
class ResponseReader {
 public:
  /// Keeps no more of the body than this.
  explicit ResponseReader(std::size_t kept) : kept_(kept) {}

  /// Throws Error (transient) for what is not of HTTP.
  void take(std::string_view bytes);
  /// The server closed the connection: true when that is how the response ends.
  bool take_end();
  bool is_done() const { return part_ == Part::done; }
  bool has_begun() const { return has_begun_; }
  Response& response() { return response_; }

 private:
  enum class Part { head, body, chunk_size, chunk, chunk_end, trailer, to_the_end, done };

  bool take_line(std::string_view& bytes);
  void take_head_line(std::string_view line);
  void end_of_head();
  std::size_t take_body(std::string_view bytes);

  std::size_t kept_;
  Part part_ = Part::head;
  bool has_begun_ = false;
  std::string line_;
  std::size_t head_ = 0;  ///< bytes of it so far
  std::size_t left_ = 0;  ///< of the body, or of a chunk
  bool is_chunked_ = false;
  std::optional<std::size_t> length_;
  Response response_;
};

}  // namespace greenwave::sim
