#include "git/ssh_wire.h"

#include "base/error.h"

namespace greenwave::git {

namespace {

unsigned at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

}  // namespace

std::string_view WireReader::bytes(std::size_t count) {
  if (count > rest_.size()) throw Error(Fault::invalid, "the SSH data is truncated");
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint32_t WireReader::number() {
  const auto four = bytes(4);
  return at(four, 0) << 24 | at(four, 1) << 16 | at(four, 2) << 8 | at(four, 3);
}

std::string_view WireReader::string() {
  return bytes(number());
}

std::string_view WireReader::magnitude() {
  auto digits = string();
  const bool negative = !digits.empty() && at(digits, 0) >= 0x80;
  const bool padded = digits.size() > 1 && at(digits, 0) == 0 && at(digits, 1) < 0x80;
  if (digits.empty() || negative || padded || (digits.size() == 1 && at(digits, 0) == 0)) {
    throw Error(Fault::invalid, "the SSH data contains a malformed number");
  }
  if (at(digits, 0) == 0) digits.remove_prefix(1);
  return digits;
}

void WireReader::require_end() const {
  if (!rest_.empty()) throw Error(Fault::invalid, "the SSH data has extra bytes at its end");
}

std::string wire_magnitude(std::string_view digits) {
  const bool looks_negative = !digits.empty() && at(digits, 0) >= 0x80;
  return wire_string((looks_negative ? std::string(1, '\0') : std::string()).append(digits));
}

std::string wire_string(std::string_view bytes) {
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(bytes.size() >> shift & 0xFF);
  text += bytes;
  return text;
}

}  // namespace greenwave::git
