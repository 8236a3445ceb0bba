// The commands for those who commit, as the program itself gives them.

#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "support/git_repository.h"
#include "support/golden.h"
#include "support/source_directory.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;
using nlohmann::json;

namespace {

const std::filesystem::path goldens = test::source_directory() / "test/golden";

CommandResult greenwave_in(const std::filesystem::path& directory, std::vector<std::string> words) {
  Command command;
  command.argv = {"env", "-C", directory.native(), "COLUMNS=80", GREENWAVE_PROGRAM};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.output_cap = 16 << 20;
  command.timeout = std::chrono::seconds(60);
  return run(command);
}

/// The two commits of test/golden/retime, the tags "base" and "head" of a repository.
struct Retime {
  GitRepository repository;

  Retime() {
    repository.commit(files_below(goldens / "retime/base"), "Base");
    repository.git({"tag", "base"});
    for (const auto& [path, content] : files_below(goldens / "retime/base")) {
      std::filesystem::remove(repository.path() / path);
    }
    repository.commit(files_below(goldens / "retime/head"), "Head");
    repository.git({"tag", "head"});
  }
  CommandResult run(std::vector<std::string> words) const {
    return greenwave_in(repository.path(), std::move(words));
  }
};

std::string file_manifest(const std::string& name, const std::string& path,
                          const std::string& content = "x") {
  return "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: " + name + "}\nspec: {path: " + path +
         ", content: \"" + content + "\"}\n";
}

}  // namespace

TEST_CASE("greenwave lint: a city in which everything is wrong, in all formats") {
  for (const std::string format : {"text", "json", "github", "sarif"}) {
    const auto found = greenwave_in(goldens / "broken", {"lint", "-o", format});
    CHECK(found.status == 1);
    CHECK(found.output == golden(goldens / ("broken.lint." + format), found.output));
    CHECK_THAT(found.output, !Contains("hunter2") && !Contains("ghp_0123"));
  }
}

TEST_CASE("greenwave lint: objects that do not fit together") {
  const auto found = greenwave_in(goldens / "unfit", {"lint"});
  CHECK(found.status == 1);
  CHECK(found.output == golden(goldens / "unfit.lint.text", found.output));
}

TEST_CASE("greenwave lint: SARIF and JSON are valid") {
  const auto sarif = json::parse(greenwave_in(goldens / "broken", {"lint", "-o", "sarif"}).output);
  CHECK(sarif["version"] == "2.1.0");
  const auto& run = sarif["runs"][0];
  std::set<std::string> rules;
  for (const auto& rule : run["tool"]["driver"]["rules"]) rules.insert(rule["id"]);
  for (const auto& result : run["results"]) CHECK(rules.contains(result["ruleId"]));
  const auto plain = json::parse(greenwave_in(goldens / "broken", {"-o", "json", "lint"}).output);
  CHECK(plain["findings"].size() == run["results"].size());
}

TEST_CASE("greenwave lint: the sample city has no problems") {
  const auto found = greenwave_in(test::source_directory(), {"lint", "manifests/san-francisco"});
  CHECK(found.status == 0);
  CHECK_THAT(found.output, Contains("No problems on 485 devices"));
}

TEST_CASE("greenwave lint: a commit is read without a checkout") {
  GitRepository made;
  made.commit({{"city/a.yaml", file_manifest("a", "/etc/a")}}, "Good");
  made.commit({{"city/a.yaml", "kind: ["}}, "Bad");
  const auto lint_at = [&](const std::string& where) {
    return greenwave_in(made.path(), {"lint", where, "--path", "city"});
  };
  CHECK(lint_at("@HEAD~1").status == 0);
  CHECK_THAT(lint_at("@HEAD").output, Contains("city/a.yaml:2:"));
  CHECK(lint_at("@HEAD").status == 1);
  CHECK(lint_at(".").status == 1);
  CHECK(greenwave_in("/", {"lint", made.path().native() + "@HEAD~1", "--path", "city"}).status == 0);
}

TEST_CASE(
    "greenwave lint: a path that is not a repository, or an unknown revision, is reported with the fix") {
  const TemporaryDirectory nothing;
  const auto none = greenwave_in(nothing.path(), {"lint", "@main"});
  CHECK(none.status == 2);
  CHECK_THAT(none.output, Contains("is not a git repository"));
  GitRepository made;
  made.commit({{"a.yaml", file_manifest("a", "/etc/a")}});
  const auto unknown = greenwave_in(made.path(), {"lint", "@mian", "-o", "json"});
  CHECK(unknown.status == 2);
  CHECK(json::parse(unknown.output)["remedy"] == "did you mean main?");
  const auto missing = greenwave_in(made.path(), {"lint", "nowhere"});
  CHECK(missing.status == 2);
  CHECK_THAT(missing.output, Contains("nowhere is not a directory"));
}

TEST_CASE("greenwave lint: other allowed paths and labels of the devices' own") {
  GitRepository made;
  made.commit({{"a.yaml", file_manifest("'of-${device.labels.arch}'", "/usr/lib/a")}});
  CHECK(greenwave_in(made.path(), {"lint"}).status == 1);
  CHECK(greenwave_in(made.path(), {"lint", "--allow", "/usr", "--label", "arch=arm64"}).status == 0);
  CHECK(greenwave_in(made.path(), {"lint", "--label", "arch"}).status == 2);
}

TEST_CASE("greenwave render: what a device applies, and where each value comes from") {
  const Retime city;
  for (const std::string kind : {"yaml", "explain"}) {
    std::vector<std::string> words{"render", "--device", "sf-0003", "@head"};
    if (kind == "explain") words.emplace_back("--explain");
    const auto found = city.run(words);
    CHECK(found.status == 0);
    CHECK(found.output == golden(goldens / ("retime.render." + kind), found.output));
  }
  const auto answer =
      json::parse(city.run({"render", "--device", "sf-0003", "@head", "--explain", "-o", "json"}).output);
  CHECK(answer["layers"] == json{"base", "districts/sunset"});
  CHECK(answer["manifests"].size() == 3);
  CHECK(answer["origins"]["File/chrony"]["/spec/content"] == "districts/sunset/time.yaml:5:12");
  CHECK(answer["origins"]["File/chrony"]["/spec/path"] == "base/time.yaml:6:9");
}

TEST_CASE("greenwave lint: files on disk count as a commit of them has them") {
  GitRepository made;
  made.commit({{"a.yaml", file_manifest("a", "/etc/a")}, {".gitignore", "*.local.yaml\nscratch/\n"}});
  made.write(
      {{"b.local.yaml", "kind: ["}, {"scratch/c.yaml", "kind: ["}, {"scratch/deep/d.yaml", "kind: ["}});
  CHECK_THAT(greenwave_in(made.path(), {"lint"}).output, Contains("No problems"));
  made.write({{"other/.git/HEAD", "ref: refs/heads/main\n"}, {"other/e.yaml", "kind: ["}});
  CHECK_THAT(greenwave_in(made.path(), {"lint"}).output, Contains("other") && Contains("submodule"));
}

TEST_CASE("greenwave lint: what git would keep in LFS reaches devices as a pointer") {
  GitRepository made;
  made.write({{"a.yaml",
               "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: a}\n"
               "spec: {path: /etc/a, source: files/a.bin}\n"},
              {"files/a.bin", "large\n"}});
  CHECK(greenwave_in(made.path(), {"lint"}).status == 0);
  made.write({{".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"}});
  const auto found = greenwave_in(made.path(), {"lint"});
  CHECK(found.status == 1);
  CHECK_THAT(found.output, Contains("files/a.bin is a pointer of Git LFS"));
}

TEST_CASE("greenwave render: for a device that isn't in the inventory, the nearest ids are suggested") {
  const Retime city;
  const auto found = city.run({"render", "--device", "sf-003", "-o", "json"});
  CHECK(found.status == 2);
  CHECK_THAT(json::parse(found.output)["remedy"].get<std::string>(), Contains("sf-0003"));
}

TEST_CASE("greenwave impact: what a commit does to the devices, in all formats") {
  const Retime city;
  for (const std::string format : {"text", "json", "markdown", "geojson"}) {
    const auto found = city.run({"impact", "base..head", "-o", format});
    CHECK(found.status == 0);
    CHECK(found.output == golden(goldens / ("retime.impact." + format), found.output));
  }
}

TEST_CASE("greenwave impact: one device as a diff, secrets left out") {
  const Retime city;
  const auto found = city.run({"impact", "base..head", "--device", "sf-0001"});
  CHECK(found.status == 1);
  CHECK(found.output == golden(goldens / "retime.impact.device", found.output));
  CHECK_THAT(found.output, Contains("the content of a secret changes") && !Contains("+two"));
  const auto unknown = city.run({"impact", "base..head", "--device", "sf-001"});
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.output, Contains("did you mean sf-0001?"));
}

TEST_CASE("greenwave impact: the files on disk against a commit") {
  const Retime city;
  const auto none = json::parse(city.run({"impact", "head", "-o", "json"}).output);
  CHECK(none["changed"] == 0);
  std::filesystem::remove(city.repository.path() / "base/plan.yaml");
  const auto some = json::parse(city.run({"impact", "head", "-o", "json"}).output);
  CHECK(some["changed"] == 3);
  CHECK(some["groups"][0]["changes"][0]["verb"] == "prune");
}

TEST_CASE("greenwave impact: three dots begin where the branches parted") {
  GitRepository made;
  const auto manifest = [](const std::string& name) { return file_manifest(name, "/etc/" + name); };
  made.commit({{"a.yaml", manifest("a")}});
  made.git({"checkout", "-q", "-b", "topic"});
  made.commit({{"b.yaml", manifest("b")}});
  made.git({"checkout", "-q", "main"});
  made.commit({{"c.yaml", manifest("c")}});
  const auto two = json::parse(greenwave_in(made.path(), {"impact", "main..topic", "-o", "json"}).output);
  CHECK(two["groups"][0]["changes"].size() == 2);  // b comes, c goes
  const auto three = json::parse(greenwave_in(made.path(), {"impact", "main...topic", "-o", "json"}).output);
  REQUIRE(three["groups"][0]["changes"].size() == 1);
  CHECK(three["groups"][0]["changes"][0]["object"] == "File/b");
}

TEST_CASE("greenwave impact: a commit that leaves a device nothing is refused there, which is said") {
  GitRepository made;
  made.commit({{"a.yaml", file_manifest("a", "/etc/a")}});
  made.commit({{"a.yaml", "# nothing\n"}}, "Empty it");
  const auto found = greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"});
  CHECK(found.status == 1);
  const auto answer = json::parse(found.output);
  CHECK(answer["changed"] == 0);
  CHECK(answer["refusing"] == 1);
  CHECK(answer["groups"][0]["changes"].empty());
  CHECK_THAT(answer["groups"][0]["problems"][0].get<std::string>(),
             Contains("declares nothing for this device"));
}

TEST_CASE("greenwave impact: an object under a new name finds what it had under the old one") {
  GitRepository made;
  made.commit({{"a.yaml", file_manifest("a", "/etc/a")}});
  made.commit({{"a.yaml", file_manifest("b", "/etc/a")}}, "Rename it");
  const auto answer = json::parse(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"}).output);
  REQUIRE(answer["groups"].size() == 1);
  CHECK(answer["groups"][0]["changes"] ==
        json::parse(R"([{"verb": "adopt", "object": "File/b", "because": "", "disruptive": false}])"));
  CHECK(answer["groups"][0]["effect"]["files"] == 0);
}

TEST_CASE("greenwave impact: a commit with a mistake is refused as a whole, and the reason said") {
  GitRepository made;
  const auto good = file_manifest("a", "/etc/a", "one");
  made.commit({{"a.yaml", good}, {"b.yaml", file_manifest("b", "/etc/b")}});
  made.commit({{"a.yaml", file_manifest("a", "/etc/a", "two")}, {"b.yaml", file_manifest("b", "etc/b")}},
              "One right, one wrong");
  const auto found = greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"});
  CHECK(found.status == 1);
  const auto group = json::parse(found.output)["groups"][0];
  CHECK(group["takesBack"] == true);
  CHECK(group["changes"].empty());
  CHECK(group["refused"] == json{"File/b"});
  CHECK_THAT(group["problems"][0].get<std::string>(), Contains("b.yaml:") && Contains("absolute"));
  const auto text = greenwave_in(made.path(), {"impact", "HEAD~1..HEAD"}).output;
  CHECK_THAT(text, Contains("1 refuses all of it") &&
                       Contains("refuse the commit, and apply nothing of it") &&
                       Contains("refuse File/b, which stays as it is"));
  const auto device = greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "--device", "any-device"});
  CHECK_THAT(device.output, !Contains("two") && Contains("Problems in the repository"));
}

TEST_CASE("greenwave impact: beside what was refused before, a commit does what it says") {
  GitRepository made;
  const auto wrong = file_manifest("b", "etc/b");
  made.commit({{"a.yaml", file_manifest("a", "/etc/a", "one")}, {"b.yaml", wrong}});
  made.commit({{"a.yaml", file_manifest("a", "/etc/a", "two")}, {"b.yaml", wrong + "# as before\n"}});
  const auto found = greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"});
  const auto group = json::parse(found.output)["groups"][0];
  CHECK(group["takesBack"] == false);
  CHECK(group["changes"][0]["object"] == "File/a");
  CHECK(group["refused"] == json{"File/b"});
  CHECK_THAT(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD"}).output, Contains("1 refuses part of it"));
}

TEST_CASE("greenwave impact: a commit is refused for what it removes and something refers to") {
  GitRepository made;
  auto user = file_manifest("b", "/etc/b");
  user.insert(user.find("{name: b") + 8, ", annotations: {greenwave.dev/depends-on: File/a}");
  made.commit(
      {{"a.yaml", file_manifest("a", "/etc/a")}, {"b.yaml", user}, {"c.yaml", file_manifest("c", "/etc/c")}});
  made.commit({{"a.yaml", "# nothing\n"}});
  const auto group =
      json::parse(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"}).output)["groups"][0];
  CHECK(group["takesBack"] == true);
  CHECK(group["refused"] == json{"File/b"});
}

TEST_CASE("greenwave impact: replicas that a manifest drops are said to fall to 1, unless they were 1") {
  const auto workload = [](const std::string& kind, const std::string& replicas) {
    return "apiVersion: " + std::string(kind == "ReplicationController" ? "v1" : "apps/v1") +
           "\nkind: " + kind + "\nmetadata: {name: web}\nspec: {" + replicas +
           "serviceName: web, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: "
           "web}}, "
           "spec: {containers: [{name: web, image: registry.example/web}]}}}\n";
  };
  const std::string cluster =
      "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: a}\n"
      "spec: {runtime: kubernetes, layers: [{path: base}]}\n";
  const auto change = [&](const std::string& kind, const std::string& was, const std::string& is) {
    GitRepository made;
    made.commit({{"greenwave.yaml", cluster}, {"base/web.yaml", workload(kind, was)}});
    made.commit({{"base/web.yaml", workload(kind, is) + "# changed\n"},
                 {"base/b.yaml", file_manifest("b", "/etc/b")}});
    const auto text = greenwave_in(made.path(), {"impact", "HEAD~1..HEAD"}).output;
    const auto answer =
        json::parse(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"}).output);
    json found = json::object();
    for (const auto& one : answer["groups"][0]["changes"]) {
      if (one["object"] == kind + "/web") found = one;
    }
    CHECK((text.find("fall to 1") != std::string::npos) == found.contains("caution"));
    return found;
  };
  for (const auto* kind : {"Deployment", "StatefulSet", "ReplicationController"}) {
    INFO(kind);
    const auto found = change(kind, "replicas: 3, ", "");
    CHECK_THAT(found["caution"].get<std::string>(), Contains("fall to 1 unless an autoscaler"));
    CHECK(found["disruptive"] == true);
    CHECK_FALSE(change(kind, "replicas: 1, ", "").contains("caution"));
    CHECK_FALSE(change(kind, "replicas: 3, ", "replicas: 2, ").contains("caution"));
    CHECK_FALSE(change(kind, "", "replicas: 2, ").contains("caution"));
  }
}

TEST_CASE("greenwave impact: with another runtime come the objects that it serves") {
  GitRepository made;
  const auto cluster = [](const std::string& runtime) {
    return "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: a}\nspec: {runtime: " + runtime +
           ", layers: [{path: base}]}\n";
  };
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "
      "a.example/web:1}]}\n";
  made.commit({{"greenwave.yaml", cluster("none")}, {"base/web.yaml", pod}});
  made.commit({{"greenwave.yaml", cluster("podman")}}, "Install podman");
  const auto on = json::parse(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"}).output);
  CHECK(on["groups"][0]["changes"][0]["object"] == "Pod/web");
  made.commit({{"greenwave.yaml", cluster("none")}}, "And away");
  const auto off = json::parse(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"}).output);
  CHECK(off["groups"][0]["refused"] == json{"Pod/web"});
}

TEST_CASE("greenwave impact: a device whose Feature is wrong leaves all of the commit") {
  const Retime city;
  auto inventory = json::parse(std::ifstream(city.repository.path() / "devices.geojson"));
  inventory["features"][0]["properties"]["labels"] = 5;
  city.repository.write({{"devices.geojson", inventory.dump()}});
  const auto answer = json::parse(city.run({"impact", "HEAD", "-o", "json"}).output);
  REQUIRE(answer["groups"].size() == 1);
  CHECK(answer["groups"][0]["devices"] == json{inventory["features"][0]["id"]});
  CHECK(answer["groups"][0]["changes"].empty());
  CHECK_THAT(answer["groups"][0]["problems"][0].get<std::string>(), Contains("labels must be a map"));
}

TEST_CASE("greenwave impact: an object that the base refuses is applied where needed") {
  GitRepository made;
  made.commit({{"a.yaml", file_manifest("a", "etc/a")}});
  made.commit({{"a.yaml", file_manifest("a", "/etc/a")}}, "Mend it");
  const auto answer = json::parse(greenwave_in(made.path(), {"impact", "HEAD~1..HEAD", "-o", "json"}).output);
  CHECK(answer["groups"][0]["changes"][0]["verb"] == "apply");
  CHECK(answer["groups"][0]["changes"][0]["uncertain"] == true);
  CHECK(answer["refusing"] == 0);
}

TEST_CASE(
    "greenwave impact: devices whose files are broken at the base cannot be judged, at the head they "
    "refuse") {
  Retime city;
  city.repository.commit({{"districts/mission/broken.yaml", "kind: ["}}, "Break the mission");
  const auto found = city.run({"impact", "head..HEAD", "-o", "json"});
  CHECK(found.status == 1);
  const auto refusing = json::parse(found.output)["groups"][0];
  CHECK(refusing["devices"] == json{"sf-0001", "sf-0002"});
  CHECK(refusing["changes"].empty());
  CHECK_THAT(refusing["problems"][0].get<std::string>(), Contains("districts/mission/broken.yaml:2:"));
  CHECK_FALSE(refusing["refused"].empty());  // that the broken file may change
  city.repository.commit({{"districts/mission/broken.yaml", file_manifest("whole", "/etc/whole")}},
                         "Mend it");
  const auto back = json::parse(city.run({"impact", "HEAD~1..HEAD", "-o", "json"}).output);
  CHECK(back["unjudged"][0]["devices"] == json{"sf-0001", "sf-0002"});
  CHECK_THAT(back["unjudged"][0]["reason"].get<std::string>(),
             Contains("at the base: districts/mission/broken.yaml:2:"));
  city.repository.commit({{"greenwave.yaml", "kind: ["}}, "Break it all");
  const auto all = city.run({"impact", "head..HEAD"});
  CHECK(all.status == 2);
  CHECK_THAT(all.output, Contains("greenwave.yaml:2:") && Contains("at HEAD"));
}

TEST_CASE("greenwave init: a new city lints clean, from options, a CSV or a GeoJSON") {
  const TemporaryDirectory directory;
  const auto made =
      greenwave_in(directory.path(), {"init", "plain", "--name", "springfield", "--ci", "both"});
  INFO(made.output);
  CHECK(made.status == 0);
  CHECK_THAT(made.output, Contains("No problems on 1 device"));
  CHECK(std::filesystem::exists(directory.path() / "plain/.github/workflows/greenwave.yaml"));
  CHECK(std::filesystem::exists(directory.path() / "plain/.gitlab-ci.yml"));
  CHECK_THAT(greenwave_in(directory.path(), {"render", "--device", "springfield-0001", "plain"}).output,
             Contains("springfield-0001 of springfield"));

  replace_file(directory.path() / "devices.csv",
               "id,Longitude,latitude,name,district,label.phase,Phone\r\n"
               "x-1,-89.65,39.78,\"5th, Main\",north,8,0217\r\n"
               ",-89.66,39.79,6th,south,,\r\n");
  const auto csv =
      greenwave_in(directory.path(), {"init", "csv", "--name", "springfield", "--devices", "devices.csv"});
  INFO(csv.output);
  CHECK(csv.status == 0);
  const auto devices = json::parse(read_file(directory.path() / "csv/devices.geojson", 1 << 20))["features"];
  REQUIRE(devices.size() == 2);
  CHECK(devices[0]["id"] == "x-1");
  CHECK(devices[0]["properties"] ==
        json{{"name", "5th, Main"}, {"Phone", "0217"}, {"labels", {{"district", "north"}, {"phase", "8"}}}});
  CHECK(devices[1]["id"] == "springfield-0002");

  const auto sample = (test::source_directory() / "manifests/san-francisco/devices.geojson").string();
  const auto geojson = greenwave_in(directory.path(), {"init", "geo", "--name", "sf", "--devices", sample});
  CHECK(geojson.status == 0);
  CHECK_THAT(geojson.output, Contains("485 devices"));
}

TEST_CASE("greenwave init: overwrites nothing, and reports errors in a list of devices") {
  const TemporaryDirectory directory;
  replace_file(directory.path() / "greenwave.yaml", "mine\n");
  const auto again = greenwave_in(directory.path(), {"init", "--name", "springfield"});
  CHECK(again.status == 2);
  CHECK(read_file(directory.path() / "greenwave.yaml", 100) == "mine\n");
  CHECK_FALSE(std::filesystem::exists(directory.path() / "base"));
  const auto refused = [&](const std::string& csv) {
    replace_file(directory.path() / "d.csv", csv);
    const auto result = greenwave_in(directory.path(), {"init", "new", "--name", "x", "--devices", "d.csv"});
    CHECK(result.status == 2);
    return result.output;
  };
  CHECK_THAT(refused("id,name\n1,a\n"), Contains("d.csv:1: no columns named longitude"));
  CHECK_THAT(refused("id,lon,lat\n1,2\n"), Contains("d.csv:2: 2 fields where 3 were expected"));
  CHECK_THAT(refused("id,lon,lat\n1,2,x\n"),
             Contains("d.csv:2: the longitude or the latitude is not a number"));
  CHECK_THAT(refused("id,lon,lat\n1,37.7,-122.4\n"),
             Contains("is not a longitude and latitude") && Contains("seem to be swapped"));
  CHECK_THAT(refused("id;lon;lat\n1;-122,4;37,7\n"), Contains("write a decimal point"));
  CHECK_THAT(refused("id,lon,lat\na/b,2,3\n"), Contains("d.csv:2: the id a/b cannot be the name"));
  CHECK_THAT(refused("id,name,lon,lat\n1,Caf\xE9,2,3\n"),
             Contains("d.csv:2: this line is not UTF-8 text") && Contains("iconv -f WINDOWS-1252"));
  CHECK_THAT(refused(std::string("\xFF\xFEi\0d\0", 6)),
             Contains("it is UTF-16") && Contains("iconv -f UTF-16"));
  CHECK_THAT(refused("id,lon,lat\n1,2,3\n1,2,3\n"), Contains("d.csv:3: duplicate id 1"));
}
