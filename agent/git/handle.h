#pragma once

#include <memory>

#include <git2.h>

namespace greenwave::git {

/// Makes a libgit2 pointer an owner; nowhere else is a git_*_free called.
template <auto Free>
struct Freed {
  void operator()(auto* raw) const { Free(raw); }
};

}  // namespace greenwave::git
