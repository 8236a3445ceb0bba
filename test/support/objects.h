#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "model/entry.h"
#include "model/object_id.h"
#include "plan/plan.h"

namespace greenwave::test {

/// "File/motd" of our own API.
inline ObjectId id(const std::string& text) {
  const auto ref = parse_object_ref(text);
  return {std::string(own_api), ref.kind, ref.namespace_, ref.name};
}

inline yaml::Node text_node(std::string text, const Place& place = {}) {
  return {std::move(text), place};
}

/// A manifest that passed its driver's checks. What it claims and its rank are those of a Directory, a File,
/// a SystemdUnit or anything else, at a place in NAME.yaml.
struct Make {
  plan::Desired desired;

  explicit Make(const std::string& object, const std::string& content = "") {
    auto& manifest = desired.manifest;
    manifest.id = id(object);
    const Place place{std::make_shared<const std::string>(manifest.id.name + ".yaml"), 1, 1};
    manifest.document = {yaml::Node::Map{}, place};
    set(manifest.document, "spec", text_node(content, place));
    seal(manifest, "");
    const auto& kind = manifest.id.kind;
    desired.footprint.rank = kind == "Directory" ? 10 : kind == "File" ? 20 : kind == "SystemdUnit" ? 30 : 40;
    if (kind == "File" || kind == "Directory") claims("path:/etc/" + manifest.id.name);
    if (kind == "SystemdUnit") claims("unit:" + manifest.id.name);
  }

  Make& claims(const std::string& claim) {
    desired.footprint.claims = {claim};
    return *this;
  }
  Make& after(const std::string& claim) {
    desired.footprint.after.push_back(claim);
    return *this;
  }
  Make& mounts(const std::string& path, bool writable) {
    desired.footprint.mounts.push_back({path, writable, desired.manifest.place()});
    return *this;
  }
  /// Purges from its paths whatever does not belong to it.
  Make& purges() {
    desired.footprint.purges = desired.footprint.claims;
    return *this;
  }
  Make& restart_on(const std::string& ref) {
    desired.footprint.restart_on.push_back(parse_object_ref(ref));
    return *this;
  }
  Make& defines(const std::string& name) {
    desired.footprint.defines.push_back(name);
    return *this;
  }
  Make& defined_by(const std::string& name) {
    desired.footprint.defined_by.push_back(name);
    return *this;
  }
  Make& reload_on(const std::string& ref) {
    desired.footprint.reload_on.push_back(parse_object_ref(ref));
    return *this;
  }
  Make& annotate(std::string_view key, const std::string& value) {
    auto& manifest = desired.manifest;
    yaml::Node annotations{yaml::Node::Map{}, manifest.place()};
    set(annotations, std::string(key), text_node(value, {manifest.place().file, 5, 7}));
    yaml::Node metadata{yaml::Node::Map{}, manifest.place()};
    set(metadata, "annotations", annotations);
    set(manifest.document, "metadata", metadata);
    seal(manifest, "");
    return *this;
  }
  Make& depends_on(const std::string& refs) { return annotate(annotations::depends_on, refs); }

  operator plan::Desired() const { return desired; }
};

/// The inventory's entry of an object that is applied as its manifest says.
inline Entry applied(const plan::Desired& desired) {
  Entry entry;
  entry.id = desired.manifest.id;
  entry.digest = desired.manifest.digest;
  entry.rank = desired.footprint.rank;
  entry.claims = desired.footprint.claims;
  return entry;
}

/// The entry of an object whose first apply began, and whose result is not known.
inline Entry only_intended(const plan::Desired& desired) {
  auto entry = applied(desired);
  entry.digest = {};
  entry.intended = true;
  return entry;
}

inline std::string in_words(const plan::Step& step) {
  std::string words = std::string(to_string(step.verb)) + " " + to_string(step.id);
  for (const auto& cause : step.restart_because) words += " restart:" + to_string(cause);
  for (const auto& cause : step.reload_because) words += " reload:" + to_string(cause);
  return words;
}

inline std::vector<std::string> in_words(const plan::Plan& plan) {
  std::vector<std::string> words;
  for (const auto& step : plan.steps) words.push_back(in_words(step));
  return words;
}

}  // namespace greenwave::test
