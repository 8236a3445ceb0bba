#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "judge/judge.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::city {

/// An object as a plan reads it.
struct Outline {
  std::optional<plan::Desired> desired;  ///< empty: refused, or deleted by a `$patch`
  bool refused = false;
  std::vector<std::string> errors;  ///< why
};

/// The objects of one commit. Each is judged once for each runtime, however many devices have it.
class Outlines {
 public:
  Outlines(const render::Fleet& fleet, const RuntimeKinds& kinds) : fleet_(fleet), kinds_(kinds) {}

  /// Stays where it is.
  const Outline& of(std::uint32_t variant, std::string_view runtime);

 private:
  const render::Fleet& fleet_;
  const RuntimeKinds& kinds_;
  std::map<std::pair<std::uint32_t, const drivers::Kinds*>, Outline> known_;
};

/// The errors among them, as texts.
void add_errors(const Problems& problems, std::vector<std::string>& errors);

}  // namespace greenwave::city
