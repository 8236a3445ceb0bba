#pragma once

#include <string>

#include "model/device.h"

namespace greenwave::render {

/// The device that a render is for, without what is secret, so that the code that fetches may know it.
struct Recipient {
  std::string device;
  Labels labels{};  ///< of its own configuration
  Labels facts{};   ///< arch, os
  /// See Identity.
  bool namespace_from_directory = false;
};

}  // namespace greenwave::render
