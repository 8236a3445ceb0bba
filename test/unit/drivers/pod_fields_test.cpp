#include "drivers/podman/pod_fields.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "drivers/podman/fields/object_shape.h"
#include "drivers/podman/limits.h"
#include "support/problem_text.h"
#include "support/source_directory.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using Catch::Matchers::Contains;
using fields::Known;
using fields::Type;
using fields::Use;

namespace {

std::string problems_of(const std::string& text) {
  Problems problems;
  check_fields(test::kube_manifest(text), problems);
  return test::text_of(problems);
}

std::string pod_with(const std::string& container, const std::string& spec = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n" + spec +
         "  containers:\n    - name: a\n      image: i\n" + container;
}

/// A value of the type, or of none that any field has.
std::string value_of(const Known& known) {
  const auto words = split(known.meaning.values, ' ');
  if (!known.meaning.values.empty())
    return known.type == Type::text ? fmt::format("\"{}\"", words.front()) : std::string(words.front());
  switch (known.type) {
    case Type::text:
      return "\"x\"";
    case Type::flag:
      return "true";
    case Type::whole:
      return "1";
    case Type::quantity:
      return "\"0.5Gi\"";
    case Type::whole_or_text:
      return "\"http\"";
    case Type::texts:
      return "[\"x\"]";
    case Type::wholes:
      return "[1]";
    case Type::text_map:
      return "{\"x\": \"y\"}";
    case Type::quantity_map:
      return "{\"cpu\": 1}";
    case Type::map:
    case Type::list:
      return "";
  }
  return "";
}

/// A document with one field, at the end of its path: "Pod.spec.containers[].stdin".
std::string document_with(const std::string& path, const std::string& value) {
  const auto kind = path.substr(0, path.find('.'));
  std::string text = value;
  auto rest = path.substr(kind.size() + 1);
  while (!rest.empty()) {
    const auto at = rest.rfind('.');
    auto name = at == rest.npos ? rest : rest.substr(at + 1);
    rest = at == rest.npos ? "" : rest.substr(0, at);
    const bool is_list = name.ends_with("[]");
    if (is_list) name.resize(name.size() - 2);
    if (name == "apiVersion" || name == "kind") return {};
    text = is_list ? fmt::format("{{\"{}\": [{}]}}", name, text) : fmt::format("{{\"{}\": {}}}", name, text);
  }
  for (const auto& known : fields::kinds) {
    if (known.name == kind)
      return fmt::format("{{\"apiVersion\": \"{}\", \"kind\": \"{}\", {}\n", known.api_version, kind,
                         text.substr(1));
  }
  return {};
}

/// As mdoc has them: what means the same in one item.
std::string list_of(Use first, Use second) {
  std::vector<std::pair<std::string, std::string>> items;  // why, and the fields
  for (const auto& [path, known] : field_rows()) {
    const auto& meaning = known->meaning;
    const bool is_some =
        first == Use::refused && !meaning.values.empty() && !meaning.why.empty() && meaning.use != Use::idle;
    if (meaning.use != first && meaning.use != second && !is_some) continue;
    const auto why =
        fmt::format("{}{}{}.", meaning.why, meaning.instead.empty() ? "" : "; ", meaning.instead);
    const auto shown = is_some ? fmt::format("{} other than {}", path, meaning.values) : path;
    const auto same = std::ranges::find(items, why, &std::pair<std::string, std::string>::first);
    if (same == items.end()) {
      items.emplace_back(why, shown);
    } else {
      same->second += " , " + shown;
    }
  }
  std::string text = ".Bl -tag -width Ds\n";
  for (auto& [why, shown] : items) {
    auto line = why;
    line[0] = in_upper_case(line.substr(0, 1))[0];
    text += fmt::format(".It {}\n{}\n", shown, line);
  }
  return text + ".El\n";
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str();
}

}  // namespace

TEST_CASE("pod fields: each field of the table is taken where it is used, and refused where it is not") {
  std::size_t seen = 0;
  for (const auto& [path, known] : field_rows()) {
    auto value = value_of(*known);
    if (value.empty()) value = known->type == Type::list ? "[{}]" : "{}";
    const auto text = document_with(path, value);
    if (text.empty()) continue;
    INFO(text);
    ++seen;
    const bool is_empty = value == "{}" || value == "[{}]";
    if (known->meaning.use != Use::refused) {
      CHECK(problems_of(text) == "");
      continue;
    }
    if (is_empty && value == "{}") continue;
    CHECK_THAT(problems_of(text),
               Contains("podman cannot be told this: ") && Contains(std::string(known->meaning.why)));
  }
  CHECK(seen > 300);
}

TEST_CASE("pod fields: a value of another type is refused wherever it is") {
  for (const auto& [path, known] : field_rows()) {
    if (known->meaning.use == Use::refused) continue;
    const std::string wrong =
        known->type == Type::text || known->type == Type::whole_or_text ? "[7]" : "\"seven\"";
    const auto text = document_with(path, wrong);
    if (text.empty()) continue;
    INFO(text);
    CHECK_THAT(problems_of(text), Contains("error: "));
  }
}

TEST_CASE("pod fields: a misspelt field is refused wherever it is, with what was meant") {
  for (const auto& [path, known] : field_rows()) {
    const std::string last(known->name);
    if (path.substr(path.find('.') + 1) == last) continue;  // of the object itself
    auto misspelt = path;
    misspelt.replace(path.rfind('.') + 1, last.size(), last + "x");
    const auto text = document_with(misspelt, "1");
    INFO(text);
    CHECK_THAT(problems_of(text), Contains("there is no field " + last + "x there"));
  }
}

TEST_CASE("pod fields: what is wrong is said at its place, with what to write") {
  CHECK_THAT(problems_of(pod_with("      args: [--port, 80]\n")),
             Contains("pod.yaml:8:22: error: spec.containers[0].args[1] is a whole number, not a string; put "
                      "it in quotes"));
  CHECK_THAT(problems_of(pod_with("      env: [{name: A, value: true}]\n")),
             Contains("spec.containers[0].env[0].value is true or false, not a string; put it in quotes") ||
                 Contains("spec.containers[0].env[0].value is a boolean, not a string; put it in quotes"));
  CHECK_THAT(
      problems_of(pod_with("      resources: {limits: {memory: 64MiB}}\n")),
      Contains("pod.yaml:8:36: error: spec.containers[0].resources.limits.memory: 64MiB is not an amount"));
  CHECK_THAT(problems_of(pod_with("      imagePullPolicy: Sometimes\n")),
             Contains("imagePullPolicy: Sometimes: Kubernetes has no such word there; write one of Always, "
                      "IfNotPresent, Never"));
  CHECK_THAT(problems_of(pod_with("", "  hostUsers: false\n")),
             Contains("pod.yaml:5:14: error: spec.hostUsers: false: podman runs pods in the device's own "
                      "user namespace"));
  CHECK_THAT(problems_of(pod_with("      securityContext: x\n")),
             Contains("securityContext is a string, not a map"));
  CHECK(problems_of(pod_with("      resources: {limits: {memory: 1e3, cpu: 0.5}}\n      stdinOnce: false\n",
                             "  hostUsers: true\n  schedulingGates: []\n  volumes: null\n")) == "");
}

TEST_CASE("pod fields: what has no meaning on a device is noted once, and is no mistake") {
  const auto manifest = test::kube_manifest(
      pod_with("", "  nodeSelector: {a: b}\n  tolerations: [{}]\n  imagePullSecrets: [{name: x}]\n"));
  Problems problems;
  check_fields(manifest, problems);
  CHECK(problems.empty());
  note_fields(manifest, problems);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(to_string(problems.list().front()),
             Contains("pod.yaml:5:3: warning: podman has nothing for these to mean: spec.nodeSelector, "
                      "spec.imagePullSecrets; "));
}

TEST_CASE("pod fields: a selector that does not find its pods is refused") {
  const auto with = [](const std::string& selector) {
    Problems problems;
    read_runnable(test::kube_manifest(
                      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n" + selector +
                      "  template: {metadata: {labels: {app: web, tier: a}}, spec: {containers: [{name: a, "
                      "image: i}]}}\n"),
                  test::podman_rules, problems);
    return test::text_of(problems);
  };
  CHECK(with("  selector: {matchLabels: {app: web}}\n") == "");
  CHECK(with("  selector: {matchExpressions: [{key: tier, operator: In, values: [a, b]}]}\n") == "");
  CHECK_THAT(with(""), Contains("pod.yaml:5:3: error: Deployment/web: its spec has no selector"));
  CHECK_THAT(with("  selector: {}\n"), Contains("pod.yaml:5:13: error: an empty selector"));
  CHECK_THAT(with("  selector: {matchLabels: {app: wbe}}\n"),
             Contains("pod.yaml:5:13: error: the selector does not select the pods of this template"));
  CHECK_THAT(with("  selector: {matchlabels: {app: web}}\n"), Contains("write matchLabels"));
}

TEST_CASE("podman: the manual has the fields that mean less than in Kubernetes, as the table has them") {
  const auto file = test::source_directory() / "packaging/man/greenwave.yaml.5";
  const auto page = text_of(file);
  const std::string begin = ".\\\" fields begin\n";
  const std::string end = ".\\\" fields end\n";
  const auto from = page.find(begin);
  const auto to = page.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  const auto wanted = "Refused, in\n.Ql greenwave lint\nand on the device:\n" +
                      list_of(Use::refused, Use::refused) + ".Pp\nWithout a meaning on a device:\n" +
                      list_of(Use::idle, Use::noted);
  const auto start = from + begin.size();
  const char* rewrite = std::getenv("GREENWAVE_REWRITE_GOLDEN");
  if (rewrite != nullptr && std::string(rewrite) == "1")
    std::ofstream(file) << page.substr(0, start) + wanted + page.substr(to);
  const auto now = text_of(file);
  CHECK(now.substr(start, now.find(end) - start) == wanted);
}
