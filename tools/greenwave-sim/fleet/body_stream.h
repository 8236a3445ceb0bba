#pragma once

#include <string_view>

#include "git/byte_stream.h"

namespace greenwave::sim {

/// A response that is here already, as what git's protocol is read from.
class BodyStream : public git::ByteStream {
 public:
  /// The text outlives this.
  explicit BodyStream(std::string_view text) : text_(text) {}

  std::size_t read(char* into, std::size_t most) override {
    const auto count = text_.copy(into, most);
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
};

}  // namespace greenwave::sim
