#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "yaml/node.h"

namespace greenwave::yaml {

/// A number as go-yaml (v2 and v3) has it: kubectl and kustomize are made of that.
using GoNumber = std::variant<std::int64_t, std::uint64_t, double>;

/// 12, 0400, 0o17, 0b11, -0x1F, 1_000, 1.5, .5, 1e3: what Go's strconv.ParseInt with base 0, and ParseFloat,
/// take, once there are no underscores. Whole numbers beyond 64 bits are real. Nothing: it is a text.
std::optional<GoNumber> read_go_number(std::string_view text);

/// The number once Go has written it as JSON and read it again: a whole number where it fits into 64 bits
/// with a sign, so that 1e3 is 1000.
decltype(Node::value) as_json(const GoNumber& number);

/// The number as a key of a JSON object, as sigs.k8s.io/yaml writes it: real ones with the digits of 32 bits.
/// Nothing: it has no way to write it.
std::optional<std::string> go_key(const GoNumber& number);

}  // namespace greenwave::yaml
