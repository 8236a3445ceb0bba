#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "git/byte_stream.h"

namespace greenwave::git {

/// One packet in git's pkt-line format: gitprotocol-common(5), "pkt-line format".
struct Packet {
  enum class Kind { data, flush, delimiter, response_end, end_of_stream };

  Kind kind = Kind::data;
  std::string_view payload;  ///< of data; valid until the next read
};

/// Splits a stream into packets.
class PacketReader {
 public:
  explicit PacketReader(ByteStream& stream) : stream_(stream) {}

  /// Throws Error (transient) when the bytes are not a packet, or end within one.
  Packet read();
  /// Like read, but without a data packet's line ending. Throws the message of a packet that begins with "ERR
  /// " as the server's error.
  Packet read_line();

 private:
  /// Buffers `count` bytes at the front; false at the end of the stream before the first of them.
  bool fill(std::size_t count);

  ByteStream& stream_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// A data packet. `payload` is at most 65,516 bytes.
std::string packet(std::string_view payload);

inline constexpr std::string_view flush_packet = "0000";
inline constexpr std::string_view delimiter_packet = "0001";

}  // namespace greenwave::git
