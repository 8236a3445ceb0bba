#include "drivers/workload/expansion.h"

namespace greenwave::drivers::workload {

std::string expanded(std::string_view text, const Lookup& value) {
  std::string result;
  while (!text.empty()) {
    const auto at = text.find('$');
    result += text.substr(0, at);
    if (at == text.npos) break;
    text.remove_prefix(at + 1);
    if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.starts_with('(') ? text.find(')') : text.npos;
    if (end == text.npos) {
      result += '$';
      continue;
    }
    const auto name = text.substr(1, end - 1);
    const auto* found = value(name);
    if (found != nullptr) {
      result += *found;
    } else {
      result.append("$(").append(name).append(")");
    }
    text.remove_prefix(end + 1);
  }
  return result;
}

}  // namespace greenwave::drivers::workload
