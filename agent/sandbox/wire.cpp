#include "sandbox/wire.h"

namespace greenwave::sandbox {

void Writer::add(const std::shared_ptr<const std::string>& text) {
  if (text == nullptr) return add(std::uint32_t{0});
  const auto next = static_cast<std::uint32_t>(shared_.size() + 1);
  const auto [at, is_new] = numbers_.try_emplace(text.get(), next);
  add(at->second);
  if (!is_new) return;
  shared_.push_back(text);
  add(*text);
}

void Reader::get(bool& value) {
  std::uint8_t byte = 0;
  get(byte);
  if (byte > 1) throw Malformed("a truth value that is neither");
  value = byte == 1;
}

void Reader::get(std::string& text) {
  const auto bytes = view();
  spend(bytes.size(), 1);
  text = bytes;
}

void Reader::get(std::shared_ptr<const std::string>& text) {
  const auto number = one<std::uint32_t>();
  if (number > shared_.size() + 1) throw Malformed("a text that there is not");
  if (number == shared_.size() + 1) {
    spend(1, sizeof(std::string) + per_node);
    shared_.push_back(std::make_shared<const std::string>(one<std::string>()));
  }
  text = number == 0 ? nullptr : shared_[number - 1];
}

std::string_view Reader::view() {
  return take(one<std::uint32_t>());
}

std::uint32_t Reader::count(std::size_t each) {
  const auto number = one<std::uint32_t>();
  if (number > rest_.size()) throw Malformed("a list longer than the message");
  spend(number, each);
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

void Reader::spend(std::size_t count, std::size_t bytes) {
  if (count > memory_ / bytes) throw Malformed("it becomes more than is allowed");
  memory_ -= count * bytes;
}

}  // namespace greenwave::sandbox
