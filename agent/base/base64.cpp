#include "base/base64.h"

#include <algorithm>

#include "base/error.h"

namespace greenwave {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  if (letter == '+') return 62;
  return letter == '/' ? 63 : -1;
}

Error malformed() {
  return Error(Fault::invalid, "not base64");
}

}  // namespace

std::string encode_raw_base64(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() / 3 * 4 + 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < here ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j <= here; ++j) text += alphabet[bits >> (18 - 6 * j) & 63];
  }
  return text;
}

std::string decode_raw_base64(std::string_view text) {
  if (text.size() % 4 == 1) throw malformed();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned bits = 0;
  int held = 0;
  for (const char letter : text) {
    const int value = value_of(letter);
    if (value < 0) throw malformed();
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFF);
  }
  if ((bits & ((1U << held) - 1)) != 0) throw malformed();
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  auto text = encode_raw_base64(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::string decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) throw malformed();
  std::size_t letters = text.size();
  while (letters > 0 && text.size() - letters < 2 && text[letters - 1] == '=') --letters;
  return decode_raw_base64(text.substr(0, letters));
}

}  // namespace greenwave
