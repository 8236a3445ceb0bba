#pragma once

#include <string>
#include <string_view>

namespace greenwave::secrets {

// SOPS is written in Go, and its MAC is over values as Go reads and prints them. See ToBytes in
// https://github.com/getsops/sops/blob/main/sops.go.

/// A number as strconv.FormatFloat(number, 'f', -1, 64) prints it: the fewest digits that are read back to
/// it.
std::string go_text(double number);

/// What SOPS' MAC covers for a scalar without quotes, as Go's reader of YAML (go.yaml.in/yaml/v3) understands
/// it: 0x1F is 31, and 2026-11-24 a point in time. `tag` is that of YAML's own which it has, or empty.
std::string go_bytes(std::string_view plain, std::string_view tag);

}  // namespace greenwave::secrets
