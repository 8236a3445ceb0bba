#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <yaml.h>

#include "base/problem.h"

namespace greenwave::yaml {

/// Finds scalars in the text of their file: libyaml counts characters, and says nothing of how a scalar was
/// written. Ask in the order of the file.
class ScalarSource {
 public:
  /// `source` must outlive it.
  explicit ScalarSource(std::string_view source) : source_(source) {}

  /// Where the file has each opening of a variable in `text`, the value of a scalar, so that a variable in
  /// the middle of a long text has a place of its own. Empty where there is none, or where escapes hide one.
  std::vector<Place> openings(std::string_view text, const yaml_event_t& scalar,
                              const std::shared_ptr<const std::string>& file);

  /// What the file has for it: tag and anchor, quotes and escapes.
  std::string_view written(const yaml_event_t& scalar);

 private:
  /// libyaml takes every line break of YAML 1.1 as one.
  struct Position {
    std::size_t offset = 0;
    std::size_t character = 0;
    std::size_t line = 0;
    std::size_t column = 0;
  };

  void step(Position& position) const;
  void find(const yaml_event_t& scalar);

  std::string_view source_;
  Position known_;
};

}  // namespace greenwave::yaml
