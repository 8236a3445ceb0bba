#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/problem.h"
#include "model/selector.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// A regular expression (RE2, as kustomize's own) that must match a whole string. An empty one matches
/// everything.
class Pattern {
 public:
  /// Reports an invalid regular expression in `problems`.
  Pattern(const std::string& pattern, const Place& place, Problems& problems);
  ~Pattern();
  Pattern(Pattern&&) noexcept;

  bool fits(std::string_view text) const;

 private:
  struct Compiled;
  std::string plain_;  ///< the text itself, if the pattern has no special characters
  std::unique_ptr<Compiled> compiled_;
};

/// What a target asks for, ready to be compared with objects.
struct TargetPatterns {
  TargetPatterns(const Target& target, Problems& problems);

  bool fit_version(const yaml::Node& document) const;    ///< its group and version
  bool fit_selectors(const yaml::Node& document) const;  ///< its labels and annotations

  Pattern group;
  Pattern version;
  Pattern kind;
  Pattern name;
  Pattern namespace_;
  std::optional<Selector> labels;
  std::optional<Selector> annotations;
};

/// A patch's target.
class TargetMatcher {
 public:
  TargetMatcher(const Target& target, Problems& problems) : patterns_(target, problems) {}

  bool matches(const Object& object) const;

 private:
  TargetPatterns patterns_;
};

/// Reads "app=web,tier in (a, b),!legacy". Reports errors in `problems`.
Selector parse_selector(std::string_view text, const Place& place, Problems& problems);

/// Whether the selector matches the labels or annotations of the document.
bool selects_labels(const Selector& selector, const yaml::Node& document);
bool selects_annotations(const Selector& selector, const yaml::Node& document);

}  // namespace greenwave::render::kustomize
