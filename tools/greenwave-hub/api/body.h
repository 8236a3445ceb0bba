#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace greenwave::hub {

/// The members of a request's body, read by name and type. Throws Error (invalid) for what is wrong, and in
/// done() for members that nothing has read.
class Body {
 public:
  /// An empty text is an empty object.
  explicit Body(std::string_view text);

  /// Empty when it is absent; one line of at most `most` bytes.
  std::string text(const char* key, std::size_t most = 500);
  std::string required_text(const char* key, std::size_t most = 500);
  /// Lines of at most 500 bytes; empty when it is absent. Throws, too, when there are more than `most`.
  std::vector<std::string> texts(const char* key, std::size_t most);
  /// As it was sent: of several lines.
  std::string raw_text(const char* key, std::size_t most);
  std::int64_t integer(const char* key, std::int64_t otherwise, std::int64_t least, std::int64_t most);
  void done() const;

 private:
  const nlohmann::json* find(const char* key);

  nlohmann::json json_;
  std::vector<std::string> read_;
};

}  // namespace greenwave::hub
