#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/problem.h"

namespace greenwave::yaml {

/// The scalars of a text that mean what they look like: written without quotes, or with a tag of YAML's own.
/// For who must read them by other rules than load(). One thread.
class PlainScalars {
 public:
  struct Scalar {
    std::string text;
    std::string tag;  ///< "int" for !!int; empty: none
  };

  explicit PlainScalars(std::string_view text);

  /// What is written at a place of load(); null for quoted and block scalars, and where there is none.
  const Scalar* at(const Place& place) const;

 private:
  std::map<std::pair<std::uint32_t, std::uint32_t>, Scalar> scalars_;  ///< by line and column
};

}  // namespace greenwave::yaml
