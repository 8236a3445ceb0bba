#include "git/ssh_wire.h"

#include "base/error.h"

namespace greenwave::git {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

int value_of(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  if (letter == '+') return 62;
  return letter == '/' ? 63 : -1;
}

}  // namespace

std::string_view WireReader::bytes(std::size_t count) {
  if (count > rest_.size()) throw Error(Fault::invalid, "the SSH data ends too early");
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
    throw Error(Fault::invalid, "the SSH data holds a malformed number");
  }
  if (at(digits, 0) == 0) digits.remove_prefix(1);
  return digits;
}

void WireReader::require_end() const {
  if (!rest_.empty()) throw Error(Fault::invalid, "the SSH data has bytes after its end");
}

std::string wire_string(std::string_view bytes) {
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(bytes.size() >> shift & 0xFF);
  text += bytes;
  return text;
}

std::string decode_base64(std::string_view text) {
  const auto refuse = [] { return Error(Fault::invalid, "not base64"); };
  if (text.size() % 4 != 0) throw refuse();
  std::size_t letters = text.size();
  while (letters > 0 && text.size() - letters < 2 && text[letters - 1] == '=') --letters;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned bits = 0;
  int held = 0;
  for (const char letter : text.substr(0, letters)) {
    const int value = value_of(letter);
    if (value < 0) throw refuse();
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFF);
  }
  if ((bits & ((1U << held) - 1)) != 0) throw refuse();
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < here ? at(bytes, i + j) : 0);
    for (std::size_t j = 0; j < 4; ++j) text += j <= here ? alphabet[bits >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

}  // namespace greenwave::git
