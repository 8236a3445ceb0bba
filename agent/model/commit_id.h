#pragma once

#include <compare>
#include <string>
#include <utility>

namespace greenwave {

/// The name of a commit, in hexadecimal; empty where there is none. It is made from a text only where one is
/// read, and serves as the name of an object wherever git takes one.
class CommitId {
 public:
  CommitId() = default;
  explicit CommitId(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  operator const std::string&() const { return text_; }
  bool empty() const { return text_.empty(); }
  /// As people read it: the first 12 digits.
  std::string shortened() const { return text_.substr(0, 12); }

  auto operator<=>(const CommitId&) const = default;

 private:
  std::string text_;
};

}  // namespace greenwave
