#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/problem.h"
#include "base/text.h"
#include "yaml/fields.h"

namespace greenwave::render {

/// Reads a list of named things; a duplicate name is an error.
template <class Thing>
std::vector<Thing> read_named(yaml::Fields& fields, std::string_view key,
                              Thing read(const yaml::Node&, Problems&), Problems& problems) {
  std::vector<Thing> things;
  std::set<std::string> names;
  const auto* items = fields.sequence(key);
  if (items == nullptr) return things;
  for (const auto& item : *items->sequence()) {
    things.push_back(read(item, problems));
    const auto& name = things.back().name;
    if (!name.empty() && !names.insert(name).second) {
      problems.error(item.place, fmt::format("duplicate name \"{}\" in {}", printable(name), key),
                     "give each a different name");
    }
  }
  return things;
}

}  // namespace greenwave::render
