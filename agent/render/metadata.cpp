#include "render/metadata.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "model/annotations.h"
#include "render/object/declared.h"
#include "yaml/fields.h"

namespace greenwave::render {

namespace {

constexpr std::string_view own_prefix = "greenwave.dev/";

constexpr std::string_view yes_or_no[]{"true", "false"};
constexpr std::string_view switch_words[]{"disabled", "enabled"};
constexpr std::string_view removal_words[]{"give-back", "delete", "keep"};
constexpr std::string_view propagation_words[]{"foreground", "background", "orphan"};

/// Which kinds an annotation means something for.
enum class For { all, becoming_healthy, kubernetes };

struct Annotation {
  std::string_view name;
  std::span<const std::string_view> words;  ///< its values; empty: not only words
  For kinds = For::all;
};

constexpr Annotation known_annotations[]{
    {annotations::depends_on, {}},
    {annotations::healthy_within, {}, For::becoming_healthy},
    {annotations::prune, switch_words},
    {annotations::on_removal, removal_words},
    {annotations::variables, switch_words},
    {annotations::force, yes_or_no, For::kubernetes},
    {annotations::recreate, yes_or_no, For::kubernetes},
    {annotations::recreate_claim, yes_or_no, For::kubernetes},
    {annotations::propagation, propagation_words, For::kubernetes},
};

// What Kubernetes reads, and its strict mode accepts.
constexpr std::string_view kubernetes_fields[]{
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
};

void check_fields(const ObjectId& id, const yaml::Node& document, Problems& problems) {
  const auto& metadata = *document.find("metadata");
  yaml::Fields fields(metadata, fmt::format("{}'s metadata", printable(id.kind)), problems);
  if (!is_own(id)) {
    for (const auto field : kubernetes_fields) fields.any(field);
    return fields.done();
  }
  for (const auto* field : {"name", "namespace", "labels", "annotations"}) fields.any(field);
  fields.done();
  yaml::Fields all(document, printable(id.kind), problems);
  for (const auto* field : {"apiVersion", "kind", "metadata", "spec", "sops"}) all.any(field);
  all.done();
}

void check_text_map(const yaml::Node* member, std::string_view key, bool may_be_null, Problems& problems) {
  if (member == nullptr || member->is_null()) return;
  if (!member->is_map()) {
    problems.error(member->place, fmt::format("{} must be a map, not {}", key, kind_of(*member)),
                   fmt::format("write {}: {{name: value}}", key));
    return;
  }
  for (const auto& [name, name_place, value] : *member->map()) {
    if (value.is_string() || (may_be_null && value.is_null())) continue;
    problems.error(value.place,
                   fmt::format("{}: {} must be a string, not {}", key, printable(name), kind_of(value)),
                   "put it in quotes");
  }
}

/// Kubernetes has no other values in these; 0400 and yes are easily written.
void check_data(const ObjectId& id, const yaml::Node& document, Problems& problems) {
  if (id.api_version != "v1" || (id.kind != "ConfigMap" && id.kind != "Secret")) return;
  for (const auto* key : {"data", "binaryData", "stringData"})
    check_text_map(document.find(key), key, true, problems);
}

bool is_for(const Annotation& annotation, const ObjectId& id) {
  if (!is_own(id) || annotation.kinds == For::all) return true;
  const bool has_health = id.kind == "SystemdUnit" || id.kind == "HealthCheck";
  return annotation.kinds == For::becoming_healthy && has_health;
}

void check_name(const ObjectId& id, const yaml::Member& annotation, Problems& problems) {
  std::vector<std::string> names;
  for (const auto& known : known_annotations) {
    if (is_for(known, id)) names.emplace_back(known.name);
  }
  const bool others_have_it =
      std::ranges::find(known_annotations, annotation.key, &Annotation::name) != std::end(known_annotations);
  const auto meant = others_have_it ? std::string() : nearest(annotation.key, names);
  if (meant.empty() && !annotation.key.starts_with(own_prefix)) return;
  problems.error(annotation.key_place,
                 fmt::format("{} has no annotation {}", others_have_it ? printable(id.kind) : "Greenwave",
                             printable(annotation.key)),
                 meant.empty() ? fmt::format("its annotations are {}", fmt::join(names, ", "))
                               : fmt::format("did you mean {}?", meant));
}

bool is_patience(const std::string& text) {
  try {
    const auto within = parse_duration(text);
    return within > Duration::zero() && within <= annotations::longest_within;
  } catch (const Error&) {
    return false;
  }
}

std::string one_of(std::span<const std::string_view> words) {
  const auto last = words.size() - 1;
  return fmt::format("{} or {}", fmt::join(words.first(last), ", "), words[last]);
}

void check_value(const Annotation& annotation, const yaml::Node& value, Problems& problems) {
  const auto* text = value.string();
  if (text == nullptr) return;
  std::string remedy;
  if (!annotation.words.empty() && !contains(annotation.words, *text)) {
    remedy = fmt::format("write {}, or remove it", one_of(annotation.words));
  } else if (annotation.name == annotations::healthy_within && !is_patience(*text)) {
    remedy = "write a time up to 1h, e.g. 5m";
  }
  if (remedy.empty()) return;
  problems.error(value.place, fmt::format("{} is \"{}\"", annotation.name, printable(*text)), remedy);
}

void check_removal(const yaml::Node& written, Problems& problems) {
  const auto* on_removal = written.find(annotations::on_removal);
  const auto* prune = written.find(annotations::prune);
  if (on_removal == nullptr || prune == nullptr) return;
  const auto* word = on_removal->string();
  const auto* kept = prune->string();
  if (word == nullptr || kept == nullptr || *kept != "disabled" || *word == "keep") return;
  problems.error(on_removal->place,
                 fmt::format("{} is \"{}\", but {} keeps the object", annotations::on_removal,
                             printable(*word), annotations::prune),
                 "remove one of the two");
}

void check_annotations(const ObjectId& id, const yaml::Node& document, Problems& problems) {
  const auto* written = document.at({"metadata", "annotations"});
  if (written == nullptr || !written->is_map()) return;
  for (const auto& member : *written->map()) {
    const auto known = std::ranges::find(known_annotations, member.key, &Annotation::name);
    if (known == std::end(known_annotations) || !is_for(*known, id)) {
      check_name(id, member, problems);
    } else {
      check_value(*known, member.value, problems);
    }
  }
  check_removal(*written, problems);
}

}  // namespace

void check_metadata(const ObjectId& id, const yaml::Node& document, Problems& problems) {
  check_fields(id, document, problems);
  for (const auto* key : {"annotations", "labels"})
    check_text_map(document.at({"metadata", key}), key, false, problems);
  check_data(id, document, problems);
  check_annotations(id, document, problems);
}

}  // namespace greenwave::render
