#pragma once

#include <utility>

#include <unistd.h>

namespace greenwave {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int raw) : raw_(raw) {}
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      raw_ = std::exchange(other.raw_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return raw_; }
  int release() { return std::exchange(raw_, -1); }
  explicit operator bool() const { return raw_ >= 0; }

 private:
  void reset() {
    if (raw_ >= 0) ::close(std::exchange(raw_, -1));
  }

  int raw_ = -1;
};

}  // namespace greenwave
