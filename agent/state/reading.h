#pragma once

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"

namespace greenwave::state {

/// The Unix epoch if it is absent.
inline Time time_in(const nlohmann::json& json, const char* key) {
  const auto text = json.value(key, "");
  return text.empty() ? Time{} : from_iso(text);
}

/// Returns what `read` returns. An exception about the JSON's form becomes an Error (invalid) that names
/// `what`.
template <typename Read>
auto reading(std::string_view what, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(Fault::invalid, fmt::format("this is not {}: {}", what, error.what()));
  }
}

}  // namespace greenwave::state
