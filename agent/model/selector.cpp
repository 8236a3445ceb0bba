#include "model/selector.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave {

namespace {

bool holds(const Selector::Requirement& requirement, const Labels& labels) {
  const auto label = labels.find(requirement.key);
  const bool present = label != labels.end();
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), label->second) !=
           requirement.values.end();
  };
  switch (requirement.op) {
    case Selector::Operator::in:
      return present && listed();
    case Selector::Operator::not_in:
      return !present || !listed();
    case Selector::Operator::exists:
      return present;
    case Selector::Operator::does_not_exist:
      return !present;
  }
  return false;
}

Selector::Requirement read_expression(const yaml::Node& node, Problems& problems) {
  yaml::Fields fields(node, "the selector's expression", problems);
  Selector::Requirement requirement;
  requirement.key = fields.required_text("key");
  const auto word = fields.word("operator", {"In", "NotIn", "Exists", "DoesNotExist"});
  requirement.values = fields.texts("values");
  fields.done();
  if (!word) {
    if (!fields.has("operator")) {
      fields.error("operator", "the selector's expression has no operator",
                   "write operator: In, NotIn, Exists or DoesNotExist");
    }
    return requirement;
  }
  const bool wants_values = *word == "In" || *word == "NotIn";
  if (*word == "NotIn") requirement.op = Selector::Operator::not_in;
  if (*word == "Exists") requirement.op = Selector::Operator::exists;
  if (*word == "DoesNotExist") requirement.op = Selector::Operator::does_not_exist;
  if (wants_values && requirement.values.empty()) {
    fields.error("values", fmt::format("the operator {} needs values", *word), "write values: [a, b]");
  }
  if (!wants_values && !requirement.values.empty()) {
    fields.error("values", fmt::format("the operator {} takes no values", *word), "remove values");
  }
  return requirement;
}

}  // namespace

bool selects(const Selector& selector, const Labels& labels) {
  return std::all_of(selector.requirements.begin(), selector.requirements.end(),
                     [&labels](const auto& requirement) { return holds(requirement, labels); });
}

Selector read_selector(const yaml::Node& node, Problems& problems) {
  Selector selector;
  yaml::Fields fields(node, "the selector", problems);
  for (const auto& [key, value] : fields.text_map("matchLabels")) {
    selector.requirements.push_back({key, Selector::Operator::in, {value}});
  }
  if (const auto* expressions = fields.sequence("matchExpressions")) {
    for (const auto& expression : *expressions->sequence()) {
      selector.requirements.push_back(read_expression(expression, problems));
    }
  }
  fields.done();
  return selector;
}

}  // namespace greenwave
