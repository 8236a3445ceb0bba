#include "git/pkt_line.h"

#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

constexpr std::size_t longest = 65'520;  // including the four digits

Error broken(std::string_view what) {
  return Error(Fault::transient, fmt::format("the server's response {}", what),
               "this is not a git server, or the connection was cut; the agent tries again");
}

}  // namespace

bool PacketReader::fill(std::size_t count) {
  if (end_ - begin_ >= count) return true;
  if (buffer_.empty()) buffer_.resize(longest);
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ < count) {
    const auto got = stream_.read(buffer_.data() + end_, buffer_.size() - end_);
    if (got == 0) {
      if (end_ == 0) return false;
      throw broken("ends in the middle of a packet");
    }
    end_ += got;
  }
  return true;
}

Packet PacketReader::read() {
  if (!fill(4)) return {Packet::Kind::end_of_stream, {}};
  std::size_t size = 0;
  const char* digits = buffer_.data() + begin_;
  const auto [stopped_at, failure] = std::from_chars(digits, digits + 4, size, 16);
  if (failure != std::errc{} || stopped_at != digits + 4 || size == 3 || size > longest) {
    throw broken("is not in git's format");
  }
  if (size < 4) {
    begin_ += 4;
    constexpr Packet::Kind kinds[] = {Packet::Kind::flush, Packet::Kind::delimiter,
                                      Packet::Kind::response_end};
    return {kinds[size], {}};
  }
  fill(size);
  const Packet result{Packet::Kind::data, {buffer_.data() + begin_ + 4, size - 4}};
  begin_ += size;
  return result;
}

Packet PacketReader::read_line() {
  auto line = read();
  if (line.payload.ends_with('\n')) line.payload.remove_suffix(1);
  if (!line.payload.starts_with("ERR ")) return line;
  throw Error(Fault::invalid,
              fmt::format("the server says: {}", printable(trim(line.payload.substr(4, 500)))),
              "is repository.url right, and is this device allowed to read it?");
}

std::string packet(std::string_view payload) {
  return fmt::format("{:04x}{}", payload.size() + 4, payload);
}

}  // namespace greenwave::git
