#pragma once

#include <string>

namespace greenwave::drivers::workload {

/// A namespace as the driver keys by it: empty for none, and for "default", which is the same. Pure.
inline std::string plain_space(const std::string& space) {
  return space == "default" ? std::string() : space;
}

}  // namespace greenwave::drivers::workload
