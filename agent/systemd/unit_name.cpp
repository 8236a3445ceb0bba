#include "systemd/unit_name.h"

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

}  // namespace greenwave::systemd
