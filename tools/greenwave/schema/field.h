#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace greenwave::cli {

/// A field of one of Greenwave's kinds of file, as its JSON Schema describes it.
struct Field {
  std::string path;    ///< "File.mode"
  std::string type{};  ///< "string", "list of strings", "one of disabled, enabled"; empty: any value
  std::string description{};
  bool required = false;
  nlohmann::ordered_json fallback{};             ///< its default; null: the schema has none
  std::vector<nlohmann::ordered_json> values{};  ///< all that are allowed; empty: not a choice
  std::vector<nlohmann::ordered_json> examples{};
  std::string pattern{};        ///< that it must match; empty: none
  std::vector<Field> fields{};  ///< what it consists of
};

/// What can be explained: Greenwave's kinds, Kubernetes' as far as podman runs them, greenwave.yaml,
/// agent.yaml, devices.geojson, and what the hub reads.
std::vector<Field> explainable();

enum class Parts {
  own,  ///< a field's own parts, without theirs
  all,
};

/// Explains "File", "File.mode" (or File.spec.mode), "agent.yaml.repository.interval". Throws Error, with the
/// name that was probably meant, when there is no such field.
Field explain(const std::string& path, Parts parts = Parts::own);

}  // namespace greenwave::cli
