#pragma once

#include <compare>
#include <string>
#include <utility>

namespace greenwave {

/// The name of a commit, in hexadecimal; empty if there is none. Never converted by itself, so that it cannot
/// be taken for the name of a ref or of another object.
class CommitId {
 public:
  CommitId() = default;
  explicit CommitId(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  /// The first 12 digits, for people.
  std::string shortened() const { return text_.substr(0, 12); }

  auto operator<=>(const CommitId&) const = default;

 private:
  std::string text_;
};

}  // namespace greenwave
