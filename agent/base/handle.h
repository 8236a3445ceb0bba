#pragma once

namespace greenwave {

/// Makes a C library's function the deleter of a unique_ptr: `std::unique_ptr<git_tree,
/// Freed<git_tree_free>>`.
template <auto Free>
struct Freed {
  void operator()(auto* raw) const { Free(raw); }
};

}  // namespace greenwave
