#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yaml/node.h"

namespace greenwave::yaml {

using Value = decltype(Node::value);

/// Whose rules say what scalars, keys and tags mean. test/golden/spellings.jsonl has what the references make
/// of some 2,000 spellings.
enum class Dialect {
  /// Greenwave's own kinds and configuration: the core schema of YAML 1.2.
  own,
  /// kubectl's, for everything else: go-yaml v2 below sigs.k8s.io/yaml, and then JSON. 0400 is 256, yes is
  /// true, 1e3 is the whole number 1000, and every key becomes a text.
  kubernetes,
  /// kustomize's, for its resources and strategic merge patches: go-yaml v3, and then kubectl's for what that
  /// has written. 0400 is 256, but yes is a text, a day becomes a time, and every key has to be a text.
  kustomize,
};

/// The value of a text as a plain scalar without a tag: "3" is the number 3, "true" the boolean, "web" a
/// string. Infinity and NaN are numbers here, though JSON has neither.
Value plain_scalar(std::string_view text, Dialect dialect = Dialect::own);

/// The value of a scalar with an explicit tag in long form ("tag:yaml.org,2002:int"), for kubectl and
/// kustomize. Nothing: the text is not of that type.
std::optional<Value> tagged_scalar(std::string_view tag, std::string_view text, Dialect dialect);

/// What a scalar becomes as a key of a map for kubectl. Nothing: it refuses it as a key.
std::optional<std::string> key_text(std::string_view text, const Value& value);

/// Whether readers of YAML 1.1, including Kubernetes', take this plain scalar as a boolean: "yes", "Off",
/// "n". To Dialect::own it is a string.
bool is_old_boolean(std::string_view text);

/// Whether it is a whole number with a superfluous zero at its start, which some readers take as octal.
bool looks_octal(std::string_view text);

/// Whether it is a decimal whole number, of any size.
bool is_whole(std::string_view text);

}  // namespace greenwave::yaml
