#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <yaml.h>

#include "base/problem.h"

namespace greenwave::yaml {

/// Finds where in a file a scalar has its openings of variables, so that a variable in the middle of a long
/// text has a place of its own.
class OpeningPlaces {
 public:
  /// `source` must outlive it.
  explicit OpeningPlaces(std::string_view source) : source_(source) {}

  /// The place of each in `text`, the value of a scalar; null where it has none, or where escapes hide one.
  /// Call in the order of the file.
  std::shared_ptr<const std::vector<Place>> of(std::string_view text, const yaml_event_t& scalar,
                                               const std::shared_ptr<const std::string>& file);

 private:
  /// libyaml counts characters and takes every line break of YAML 1.1 as one.
  struct Position {
    std::size_t offset = 0;
    std::size_t character = 0;
    std::size_t line = 0;
    std::size_t column = 0;
  };

  void step(Position& position) const;

  std::string_view source_;
  Position known_;
};

}  // namespace greenwave::yaml
