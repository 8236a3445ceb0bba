#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "yaml/node.h"

namespace greenwave::cli {

/// A manifest as YAML, with where each value was written in a comment beside it: its layer, then its file and
/// line. It reads back to the same value.
std::string explained(const yaml::Node& document, const std::vector<std::string>& layers);

/// The same for programs: {"/spec/path": "base/motd.yaml:5:9"}, by JSON Pointer (RFC 6901).
nlohmann::ordered_json origins_of(const yaml::Node& document);

}  // namespace greenwave::cli
