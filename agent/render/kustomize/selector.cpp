#include "render/kustomize/selector.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"

namespace greenwave::render::kustomize {

namespace {

constexpr std::size_t longest_pattern = 1024;

bool selects_member(const Selector& selector, const yaml::Node& document, std::string_view member) {
  greenwave::Labels labels;
  if (const auto* map = document.at({"metadata", member}); map != nullptr && map->is_map()) {
    for (const auto& [key, place, value] : *map->map()) labels.emplace(key, scalar_text(value));
  }
  return greenwave::selects(selector, labels);
}

/// Splits at commas that are not within parentheses.
std::vector<std::string_view> requirements_in(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

bool is_key(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t()=!,<>") == std::string_view::npos;
}

std::optional<Selector::Requirement> by_sign(std::string_view text) {
  const auto at = text.find('=');
  if (at == std::string_view::npos) return {};
  Selector::Requirement requirement;
  auto key = text.substr(0, at);
  auto value = text.substr(at + 1);
  if (key.ends_with('!')) {
    requirement.op = Selector::Operator::not_in;
    key.remove_suffix(1);
  } else if (value.starts_with('=')) {
    value.remove_prefix(1);
  }
  requirement.key = trim(key);
  value = trim(value);
  if (!is_key(requirement.key) || (!value.empty() && !is_key(value))) return {};
  requirement.values.emplace_back(value);
  return requirement;
}

std::optional<Selector::Requirement> by_list(std::string_view text) {
  const auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return {};
  const auto head = trim(text.substr(0, open));
  const auto space = head.find_first_of(" \t");
  if (space == std::string_view::npos) return {};
  Selector::Requirement requirement;
  requirement.key = head.substr(0, space);
  const auto word = trim(head.substr(space));
  if (word == "notin") {
    requirement.op = Selector::Operator::not_in;
  } else if (word != "in") {
    return {};
  }
  for (const auto value : split(text.substr(open + 1, text.size() - open - 2), ',')) {
    if (!is_key(trim(value))) return {};
    requirement.values.emplace_back(trim(value));
  }
  if (!is_key(requirement.key)) return {};
  return requirement;
}

std::optional<Selector::Requirement> by_presence(std::string_view text) {
  Selector::Requirement requirement;
  requirement.op = Selector::Operator::exists;
  if (text.starts_with('!')) {
    requirement.op = Selector::Operator::does_not_exist;
    text = trim(text.substr(1));
  }
  if (!is_key(text)) return {};
  requirement.key = text;
  return requirement;
}

}  // namespace

struct Pattern::Compiled {
  re2::RE2 expression;
};

Pattern::Pattern(const std::string& pattern, const Place& place, Problems& problems) : plain_(pattern) {
  if (pattern.find_first_of("\\^$.|?*+()[]{}") == std::string::npos) return;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const bool too_long = pattern.size() > longest_pattern;
  compiled_.reset(new Compiled{re2::RE2(too_long ? std::string() : pattern, options)});
  if (too_long) {
    problems.error(place, fmt::format("a pattern of more than {} characters", longest_pattern));
  } else if (!compiled_->expression.ok()) {
    problems.error(place,
                   fmt::format("\"{}\" is not a regular expression: {}", printable(pattern),
                               printable(compiled_->expression.error())),
                   "use RE2 syntax");
  }
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;

bool Pattern::fits(std::string_view text) const {
  if (compiled_ == nullptr) return plain_.empty() || plain_ == text;
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

TargetPatterns::TargetPatterns(const Target& target, Problems& problems)
    : group(target.kinds.group, target.place, problems),
      version(target.kinds.version, target.place, problems),
      kind(target.kinds.kind, target.place, problems),
      name(target.name, target.place, problems),
      namespace_(target.namespace_, target.place, problems) {
  if (!target.labels.empty()) labels = parse_selector(target.labels, target.place, problems);
  if (!target.annotations.empty()) {
    annotations = parse_selector(target.annotations, target.place, problems);
  }
}

bool TargetPatterns::fit_version(const yaml::Node& document) const {
  const auto api_version = text_of(document, "apiVersion");
  return group.fits(group_of(api_version)) && version.fits(version_of(api_version));
}

bool TargetPatterns::fit_selectors(const yaml::Node& document) const {
  return (!labels || selects_labels(*labels, document)) &&
         (!annotations || selects_annotations(*annotations, document));
}

bool TargetMatcher::matches(const Object& object) const {
  const auto now = id_of(object.document);
  const auto original = original_id(object);
  const auto& name = patterns_.name;
  const auto& namespace_ = patterns_.namespace_;
  return patterns_.kind.fits(now.kind) && patterns_.fit_version(object.document) &&
         (name.fits(original.name) || name.fits(now.name)) &&
         (namespace_.fits(original.namespace_) || namespace_.fits(now.namespace_)) &&
         patterns_.fit_selectors(object.document);
}

Selector parse_selector(std::string_view text, const Place& place, Problems& problems) {
  Selector selector;
  if (trim(text).empty()) return selector;
  for (const auto part : requirements_in(text)) {
    auto requirement = by_list(part);
    if (!requirement) requirement = by_sign(part);
    if (!requirement) requirement = by_presence(part);
    if (requirement) {
      selector.requirements.push_back(std::move(*requirement));
    } else {
      problems.error(place, fmt::format("\"{}\" is not a selector", printable(part)),
                     "write key=value, key!=value, key in (a, b), key notin (a, b), key or !key");
    }
  }
  return selector;
}

bool selects_labels(const Selector& selector, const yaml::Node& document) {
  return selects_member(selector, document, "labels");
}

bool selects_annotations(const Selector& selector, const yaml::Node& document) {
  return selects_member(selector, document, "annotations");
}

}  // namespace greenwave::render::kustomize
