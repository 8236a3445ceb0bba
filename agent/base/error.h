#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave {

/// What kind of failure this is. It decides what happens next.
enum class Fault {
  transient,  ///< the network, a lock, a full disk: a later try may succeed
  invalid,    ///< what people wrote is wrong: only another commit or configuration helps
  untrusted,  ///< a signature, certificate or host key does not verify
  conflict,   ///< something that Greenwave does not own is in the way
  damaged,    ///< a store of ours cannot be read: it is set aside and created again
  internal,   ///< a bug in Greenwave
};

std::string_view to_string(Fault fault);

/// Whether the same try may succeed later, with nobody changing what people wrote.
constexpr bool passes(Fault fault) {
  return fault == Fault::transient;
}

/// The one exception type. `what()` reads "message (while INNER, while OUTER); remedy".
/// Messages never hold secrets: they are logged, shown and stored.
class Error : public std::exception {
 public:
  /// `remedy` says what a person can do about it; it may be empty.
  Error(Fault fault, std::string message, std::string remedy = {});

  /// Adds to the trail, innermost first: `throw error.during("applying File/motd")`.
  Error& during(std::string_view step);

  Fault fault() const { return fault_; }
  const std::string& message() const { return message_; }
  const std::string& remedy() const { return remedy_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void compose();

  Fault fault_;
  std::string message_;
  std::string remedy_;
  std::vector<std::string> trail_;
  std::string text_;
};

/// An Error for the current errno: "cannot open /etc/x: Permission denied". The fault is transient for
/// conditions that may pass (ENOSPC, EIO, EAGAIN, EROFS, the network's …) and invalid otherwise.
Error system_error(std::string_view action, std::string_view path);

}  // namespace greenwave
