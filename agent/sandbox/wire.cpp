#include "sandbox/wire.h"

namespace greenwave::sandbox {

void Reader::get(bool& value) {
  std::uint8_t byte = 0;
  get(byte);
  if (byte > 1) throw Malformed("a truth value that is neither");
  value = byte == 1;
}

std::string_view Reader::view() {
  return take(one<std::uint32_t>());
}

std::uint32_t Reader::count() {
  const auto number = one<std::uint32_t>();
  if (number > rest_.size()) throw Malformed("a list longer than the message");
  return number;
}

void Reader::finish() const {
  if (!rest_.empty()) throw Malformed("more than was asked for");
}

std::string_view Reader::take(std::size_t count) {
  if (count > rest_.size()) throw Malformed("it ends too early");
  const auto bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

}  // namespace greenwave::sandbox
