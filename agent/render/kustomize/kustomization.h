#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "render/kustomize/object.h"
#include "yaml/fields.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// A string and where it is written.
struct Text {
  std::string value;
  Place place;

  bool empty() const { return value.empty(); }
};

/// Where a value goes in objects: "spec/template/metadata/labels". A "/" within a name is written "\/".
/// A list means all of its items.
struct FieldSpec {
  KindFilter kinds;
  std::string path;
  bool create = false;  ///< create missing members along the path
};

/// Which objects a patch or a replacement means. The words are regular expressions that must match the whole,
/// and plain ones where a replacement's source is named.
struct Target {
  KindFilter kinds;
  std::string name;
  std::string namespace_;
  std::string labels;  ///< a selector as kubectl takes it: "app=web,tier in (a, b)"
  std::string annotations;
  Place place;
};

struct Labels {
  std::vector<yaml::Member> pairs;
  bool in_selectors = false;
  bool in_templates = false;
  bool in_claims = false;  ///< the templates of a StatefulSet's claims
  std::vector<FieldSpec> fields;
  Place place;
};

struct Image {
  Text name;
  std::string new_name;
  std::string new_tag;
  std::string digest;
  std::string tag_suffix;
};

struct Replicas {
  Text name;
  std::int64_t count = 0;
};

struct GeneratorOptions {
  std::vector<yaml::Member> labels;
  std::vector<yaml::Member> annotations;
  bool without_hash = false;
  bool immutable = false;
};

/// A ConfigMap or a Secret to make.
struct Generator {
  std::string kind;
  Text name;
  std::string namespace_;
  Behavior behavior = Behavior::unspecified;
  std::vector<Text> files;  ///< "path" or "key=path"
  std::vector<Text> literals;
  std::vector<Text> envs;
  std::string type;  ///< of a Secret
  GeneratorOptions options;
  Place place;
};

struct Patch {
  Text path;  ///< or
  Text text;
  std::optional<Target> target;
  bool may_rename = false;
  bool may_change_kind = false;
  Place place;
};

struct FieldOptions {
  std::string delimiter;
  std::int64_t index = 0;
  bool create = false;
};

struct ReplacementTarget {
  Target select;
  std::vector<Target> reject;
  std::vector<Text> paths;
  FieldOptions options;
};

struct Replacement {
  std::optional<Target> source;  ///< or
  std::optional<Text> value;
  Text source_path;
  FieldOptions source_options;
  std::vector<ReplacementTarget> targets;
  Place place;
};

/// Of `vars`: what $(NAME) stands for.
struct Variable {
  Text name;
  Target object;     ///< each word exactly
  std::string path;  ///< "spec.ports[0].port"
  Place place;
};

/// The order of a build's objects. By kind is what `kustomize build` does by itself ("legacy").
struct SortOptions {
  bool by_kind = true;             ///< false: as they are named ("fifo")
  std::vector<std::string> first;  ///< kinds that come before all others, and
  std::vector<std::string> last;   ///< behind them
};

/// What a build says of itself in its objects.
struct BuildMetadata {
  bool origins = false;     ///< where each object came from
  bool steps = false;       ///< what changed it
  bool managed_by = false;  ///< a label

  bool any() const { return origins || steps || managed_by; }
};

/// The content of a kustomization.yaml, with defaults filled in.
struct Kustomization {
  bool is_component = false;
  std::vector<Text> resources;  ///< with bases
  std::vector<Text> components;
  Text name_prefix;
  Text name_suffix;
  Text namespace_;
  std::vector<Labels> labels;
  std::vector<yaml::Member> common_labels;
  std::vector<yaml::Member> annotations;
  std::vector<Patch> patches;
  std::vector<Text> merge_patches;  ///< patchesStrategicMerge: each a path or a patch
  std::vector<Patch> json_patches;  ///< patchesJson6902
  std::vector<Image> images;
  std::vector<Replicas> replicas;
  std::vector<Generator> generators;     ///< in the order in which they run
  std::vector<yaml::Node> replacements;  ///< each one's map; see read_replacement
  std::vector<Text> configurations;
  std::vector<Variable> variables;
  SortOptions sort;        ///< only that of the directory being built counts
  BuildMetadata metadata;  ///< the same
  Place place;
};

/// Where the usual order has a kind: below 0 for those that come first, above for the last.
int usual_rank(std::string_view kind);

/// The names that the file may have.
bool is_kustomization_file(std::string_view name);

/// Reads kustomization.yaml. Fields that only kustomize supports are errors.
Kustomization read_kustomization(const yaml::Node& document, Problems& problems);

/// The members group, version and kind.
KindFilter read_kinds(yaml::Fields& fields);

/// Reads an item of `replacements`, or of a file that one names.
Replacement read_replacement(const yaml::Node& node, Problems& problems);

}  // namespace greenwave::render::kustomize
