#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli.h"
#include "schema/field.h"

namespace greenwave::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t indent = 2;

std::string value_text(const Json& value) {
  return value.is_string() ? fmt::format("\"{}\"", value.get<std::string>()) : value.dump();
}

std::string list_text(const std::vector<Json>& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(value_text(value));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string first_sentence(const std::string& text) {
  return text.substr(0, text.find(". "));
}

/// One line: the name, and the beginning of what it means.
std::string summary(const Field& field, std::size_t longest, std::size_t width) {
  const auto name = field.path.substr(field.path.rfind('.', field.path.size() - 1) + 1);
  auto text = field.required ? std::string("required. ") : std::string();
  text += field.description.empty() ? field.type : first_sentence(field.description);
  return fmt::format("  {:<{}}  {}\n", name, longest, wrap(text, longest + 2 * indent, width));
}

std::string fields_text(const std::vector<Field>& fields, std::size_t width) {
  std::size_t longest = 0;
  for (const auto& field : fields) longest = std::max(longest, field.path.size() - field.path.rfind('.') - 1);
  std::string text;
  for (const auto& field : fields) text += summary(field, longest, width);
  return text;
}

/// Name, type and what is required, a line a field, as deep as it is.
std::string tree_text(const Field& field, std::size_t depth) {
  std::string text;
  for (const auto& part : field.fields) {
    text +=
        fmt::format("{:{}}{}  <{}>{}\n", "", (depth + 1) * indent, part.path.substr(part.path.rfind('.') + 1),
                    part.type.empty() ? "any" : part.type, part.required ? "  required" : "");
    text += tree_text(part, depth + 1);
  }
  return text;
}

std::string explanation(const Field& field, const Style& style, bool whole) {
  auto text = paint(style, Paint::strong, field.path);
  if (!field.type.empty()) text += ": " + field.type;
  text += field.required ? ", required\n" : "\n";
  const auto line = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<9} {}\n", label, wrap(value, 12, style.width));
  };
  if (!field.description.empty()) text += fmt::format("  {}\n", wrap(field.description, indent, style.width));
  line("default", field.fallback.is_null() ? "" : value_text(field.fallback));
  line("values", list_text(field.values));
  line("examples", list_text(field.examples));
  line("pattern", field.pattern);
  if (!field.fields.empty()) {
    text += "\n" + (whole ? tree_text(field, 0) : fields_text(field.fields, style.width));
  }
  return text;
}

std::string overview(const Style& style) {
  const auto all = explainable();
  const auto longest =
      std::ranges::max(all, {}, [](const Field& field) { return field.path.size(); }).path.size();
  std::string text;
  for (const auto& field : all) {
    text += fmt::format("  {:<{}}  {}\n", field.path, longest,
                        wrap(first_sentence(field.description), longest + 2 * indent, style.width));
  }
  return text + "\nMore about one: greenwave explain File, or of a field: greenwave explain File.mode\n";
}

Json json_of(const Field& field) {
  Json json{{"field", field.path}, {"required", field.required}};
  if (!field.type.empty()) json["type"] = field.type;
  if (!field.description.empty()) json["description"] = field.description;
  if (!field.fallback.is_null()) json["default"] = field.fallback;
  if (!field.values.empty()) json["values"] = field.values;
  if (!field.examples.empty()) json["examples"] = field.examples;
  if (!field.pattern.empty()) json["pattern"] = field.pattern;
  for (const auto& part : field.fields) json["fields"].push_back(json_of(part));
  return json;
}

int show_explanation(const Context& context, const std::string& path, bool whole) {
  if (!path.empty()) {
    const auto field = explain(path, whole ? Parts::all : Parts::own);
    print(context.json ? json_text(json_of(field)) : explanation(field, context.style, whole));
  } else if (context.json) {
    auto all = Json::array();
    for (const auto& field : explainable()) all.push_back(json_of(field));
    print(json_text(all));
  } else {
    print(overview(context.style));
  }
  return 0;
}

Action declare_explain(CommandLine& line) {
  const auto path = std::make_shared<std::string>();
  const auto whole = std::make_shared<bool>();
  line.option("FIELD", *path, "A kind, a file, or a field of one: File, File.mode, agent.yaml.trust");
  line.flag("-r,--recursive", *whole, "All fields below it, with their types");
  return [path, whole](const Context& context) { return show_explanation(context, *path, *whole); };
}

}  // namespace

const Subcommand explain_command{
    .name = "explain",
    .summary = "What a field of a manifest, greenwave.yaml, agent.yaml or hub.yaml means",
    .details =
        R"(Needs no daemon, repository or network. Without an argument it lists what there is. The fields of a
manifest's spec need no "spec": File.mode is File.spec.mode. Where a value of a device comes from is another
question: greenwave render --explain. Of Kubernetes' kinds it says what a device with runtime: podman makes of a
field.

Exit codes: 0 explained, 2 there is no such field.

Examples:
  greenwave explain
  greenwave explain File.mode
  greenwave explain SystemdUnit --recursive
  greenwave explain Pod.spec.containers.livenessProbe
  greenwave explain greenwave.yaml.windows
  greenwave explain agent.yaml.repository.interval -o json
  greenwave explain hub.yaml.notices --recursive)",
    .declare = declare_explain,
};

}  // namespace greenwave::cli
