#include "systemd/unit_name.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave::systemd {

bool is_template(std::string_view unit) {
  return unit.find("@.") != std::string_view::npos;
}

bool is_instance(std::string_view unit) {
  return unit.find('@') != std::string_view::npos && !is_template(unit);
}

std::string template_of(std::string_view unit) {
  if (!is_instance(unit)) return std::string(unit);
  return fmt::format("{}@{}", unit.substr(0, unit.find('@')), unit.substr(unit.rfind('.')));
}

std::string instance_of(std::string_view unit) {
  if (!is_instance(unit)) return {};
  const auto begin = unit.find('@') + 1;
  return std::string(unit.substr(begin, unit.rfind('.') - begin));
}

std::vector<std::string> definition_names(std::string_view unit) {
  std::vector<std::string> names{std::string(unit)};
  if (is_instance(unit)) names.push_back(template_of(unit));
  const auto dot = unit.rfind('.');
  if (dot == std::string_view::npos) return names;
  const auto type = unit.substr(dot);
  auto prefix = unit.substr(0, std::min(unit.find('@'), dot));
  while (!prefix.empty()) {
    const auto dash = prefix.substr(0, prefix.size() - 1).rfind('-');
    if (dash == std::string_view::npos || dash == 0) break;
    prefix = prefix.substr(0, dash + 1);
    names.push_back(fmt::format("{}{}", prefix, type));
  }
  names.emplace_back(type.substr(1));
  return names;
}

}  // namespace greenwave::systemd
