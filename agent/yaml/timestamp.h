#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace greenwave::yaml {

/// The day or the time that go-yaml takes a text for, as Go writes it into JSON (RFC 3339): "2026-1-31" is
/// "2026-01-31T00:00:00Z". Nothing: it is a text.
std::optional<std::string> timestamp_as_json(std::string_view text);

}  // namespace greenwave::yaml
