#include <catch2/catch.hpp>

#include "lint/lint.h"
#include "support/memory_tree.h"
#include "support/sops_file.h"

using namespace greenwave;

namespace {

const secrets::Identity ours = secrets::new_identity();
const secrets::Identity theirs = secrets::new_identity();
const secrets::Identity operators = secrets::new_identity();

std::string feature(const std::string& id, const std::string& role, const std::string& recipient) {
  return R"({"type": "Feature", "id": ")" + id +
         R"(", "geometry": {"type": "Point", "coordinates": [0, 0]}, "properties": {"labels": {"role": ")" +
         role + R"("}, "recipient": )" + recipient + "}}";
}

/// What lint finds in a city of two devices, one of which gets a file that is encrypted for `recipients`.
std::string found(const std::vector<secrets::Identity>& recipients,
                  const std::string& own = "\"" + ours.recipient + "\"") {
  const test::SopsFile values{.recipients = recipients, .chosen = [](const std::string& path) {
                                return path == "spec:content:" || path == "spec:mode:";
                              }};
  const test::MemoryTree tree({
      {"greenwave.yaml",
       "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec:\n  devices: d.geojson\n  "
       "layers:\n"
       "    - {path: signals, selector: {matchLabels: {role: signal}}}\n"
       "    - {path: signs, selector: {matchLabels: {role: sign}}}\n"},
      {"d.geojson", R"({"type": "FeatureCollection", "features": [)" + feature("a", "signal", own) + ", " +
                        feature("b", "sign", "\"" + theirs.recipient + "\"") + "]}"},
      {"signals/s.yaml", values.of("apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: s}\n"
                                   "spec: {path: /etc/s, content: hunter2, mode: \"0600\"}\n")},
      {"signs/n.yaml",
       "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: sign}\n"
       "spec: {path: /etc/n, content: plain}\n"},
  });
  std::string text;
  const auto report = cli::lint(tree, {});
  for (const auto& finding : report.findings) {
    text += to_string(finding.problem) + " " + cli::affected_devices(finding, report) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("lint: a secret that its devices can open is fine, whoever else can open it") {
  CHECK(found({ours}) == "");
  CHECK(found({ours, operators}) == "");
  CHECK(found({ours}, "[\"" + operators.recipient + "\", \"" + ours.recipient + "\"]") == "");
}

TEST_CASE(
    "lint: a secret that a device gets and cannot open is found, and one that it can open and never gets") {
  CHECK_THAT(found({operators}), Catch::Contains("signals/s.yaml:") && Catch::Contains("cannot open it") &&
                                     Catch::Contains("1 of 2 devices: a"));
  CHECK_THAT(found({ours, theirs}),
             Catch::Contains("never get this can open it") && Catch::Contains("1 of 2 devices: b"));
}

TEST_CASE("lint: devices without a recipient or with an invalid one are found") {
  CHECK_THAT(found({ours}, "null"), Catch::Contains("without a recipient in the inventory"));
  CHECK_THAT(found({ours}, "\"age1nonsense\""),
             Catch::Contains("d.geojson:1:") && Catch::Contains("not an age recipient"));
}
