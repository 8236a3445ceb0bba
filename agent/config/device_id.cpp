#include "config/device_id.h"

#include <algorithm>

#include "base/text.h"

namespace greenwave::config {

bool is_device_id(const std::string& id) {
  if (id.empty() || id.size() > 253 || printable(id) != id || id.find(' ') != std::string::npos) return false;
  const auto parts = split(id, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

}  // namespace greenwave::config
