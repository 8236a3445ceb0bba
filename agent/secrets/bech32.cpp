#include "secrets/bech32.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t checksum_size = 6;

using Fives = std::vector<std::uint8_t>;  ///< five bits each

Error damaged_text() {
  return Error(Fault::invalid, "it is damaged or incomplete", "copy all of it again");
}

std::uint32_t checksum_of(std::string_view prefix, const Fives& values) {
  static constexpr std::uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  std::uint32_t sum = 1;
  const auto feed = [&sum](std::uint8_t value) {
    const auto top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (unsigned i = 0; i < 5; ++i) {
      if ((top >> i & 1) != 0) sum ^= generator[i];
    }
  };
  for (const char letter : prefix) feed(static_cast<std::uint8_t>(letter >> 5));
  feed(0);
  for (const char letter : prefix) feed(static_cast<std::uint8_t>(letter & 31));
  for (const auto value : values) feed(value);
  return sum;
}

std::string bytes_of(const Fives& values) {
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const auto value : values) {
    bits = (bits << 5 | value) & 0xFFF;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFF);
  }
  if (held >= 5 || (bits & ((1U << held) - 1)) != 0) throw damaged_text();
  return bytes;
}

Fives fives_of(std::string_view bytes) {
  Fives values;
  unsigned bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xFFF;
    held += 8;
    while (held >= 5) {
      held -= 5;
      values.push_back(static_cast<std::uint8_t>(bits >> held & 31));
    }
  }
  if (held > 0) values.push_back(static_cast<std::uint8_t>(bits << (5 - held) & 31));
  return values;
}

}  // namespace

Bech32 decode_bech32(std::string_view text) {
  const auto is_upper = [](unsigned char letter) { return std::isupper(letter) != 0; };
  const auto is_lower = [](unsigned char letter) { return std::islower(letter) != 0; };
  const auto is_shown = [](unsigned char letter) { return letter > 32 && letter < 127; };
  const bool mixed = std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower);
  const auto separator = text.rfind('1');
  if (mixed || separator == text.npos || separator == 0 || text.size() - separator - 1 < checksum_size ||
      text.size() > 4096 || !std::ranges::all_of(text, is_shown)) {
    throw damaged_text();
  }
  const auto lower = in_lower_case(text);
  Bech32 value;
  value.prefix = lower.substr(0, separator);
  Fives values;
  for (const char letter : lower.substr(separator + 1)) {
    const auto at = alphabet.find(letter);
    if (at == alphabet.npos) throw damaged_text();
    values.push_back(static_cast<std::uint8_t>(at));
  }
  if (checksum_of(value.prefix, values) != 1) throw damaged_text();
  values.resize(values.size() - checksum_size);
  value.bytes = bytes_of(values);
  return value;
}

std::string encode_bech32(const Bech32& value) {
  auto values = fives_of(value.bytes);
  auto padded = values;
  padded.resize(padded.size() + checksum_size);
  const auto checksum = checksum_of(value.prefix, padded) ^ 1;
  for (unsigned i = 0; i < checksum_size; ++i) {
    values.push_back(static_cast<std::uint8_t>(checksum >> 5 * (5 - i) & 31));
  }
  std::string text = value.prefix + '1';
  for (const auto five : values) text += alphabet[five];
  return text;
}

}  // namespace greenwave::secrets
