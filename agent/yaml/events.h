#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/problem.h"
#include "yaml/libyaml.h"

namespace greenwave::yaml {

/// Stops the reading of a file; its problem has already been reported.
struct Refused {};

/// The events of a text, one after the other, which may be looked at before their turn.
class Events {
 public:
  /// `text` and `problems` must outlive it.
  Events(std::string_view text, std::shared_ptr<const std::string> file, Problems& problems);
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  /// Throws Refused where the text is not YAML.
  Event next();
  /// The event that is `count` after the next one. Whoever looks ahead bounds how far.
  const Event& ahead(std::size_t count);

  Place place_of(const yaml_mark_t& mark) const;
  [[noreturn]] void refuse(const Place& place, std::string message, std::string remedy = {});

 private:
  Event parse();
  bool at_tab() const;

  Parser parser_;
  std::shared_ptr<const std::string> file_;
  Problems& problems_;
  std::deque<Event> ahead_;
};

}  // namespace greenwave::yaml
