#include "secrets/shamir.h"

#include <cstdint>

namespace greenwave::secrets {

namespace {

using Element = std::uint8_t;

Element product(Element a, Element b) {
  Element result = 0;
  for (; b != 0; b = static_cast<Element>(b >> 1)) {
    if ((b & 1) != 0) result ^= a;
    a = static_cast<Element>(a << 1 ^ ((a & 0x80) != 0 ? 0x1B : 0));
  }
  return result;
}

/// a^254, since a^255 is 1.
Element inverse(Element a) {
  Element result = 1;
  for (int i = 0; i < 254; ++i) result = product(result, a);
  return result;
}

Element x_of(const std::string& share) {
  return static_cast<Element>(share.back());
}

/// Lagrange's polynomial of share `i`, at 0. In this field a sum is its own difference.
Element weight(const std::vector<std::string>& shares, std::size_t i) {
  Element result = 1;
  for (std::size_t j = 0; j < shares.size(); ++j) {
    if (j == i) continue;
    const auto difference = static_cast<Element>(x_of(shares[i]) ^ x_of(shares[j]));
    result = product(result, product(x_of(shares[j]), inverse(difference)));
  }
  return result;
}

bool are_shares(const std::vector<std::string>& shares) {
  if (shares.size() < 2) return false;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].size() < 2 || shares[i].size() != shares[0].size()) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (x_of(shares[i]) == x_of(shares[j])) return false;
    }
  }
  return true;
}

}  // namespace

std::optional<std::string> combine_shares(const std::vector<std::string>& shares) {
  if (!are_shares(shares)) return {};
  std::string secret(shares[0].size() - 1, '\0');
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto factor = weight(shares, i);
    for (std::size_t at = 0; at < secret.size(); ++at) {
      secret[at] = static_cast<char>(static_cast<Element>(secret[at]) ^
                                     product(static_cast<Element>(shares[i][at]), factor));
    }
  }
  return secret;
}

}  // namespace greenwave::secrets
