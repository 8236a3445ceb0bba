#include "http/encoded.h"

#include <fmt/format.h>

#include "base/contains.h"

namespace greenwave::http {

std::string encoded(std::string_view text, std::string_view plain) {
  std::string result;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            contains(std::string_view("-._~"), c);
    if (unreserved || contains(plain, c)) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

}  // namespace greenwave::http
