// The table of kinds, and what must say the same: schemas, man page, drivers.
#include "kinds/table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kinds/drivers.h"
#include "support/source_directory.h"

using namespace greenwave;
using namespace greenwave::kinds;
using Json = nlohmann::json;

namespace {

const auto schemas = test::source_directory() / "manifests/schema";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  REQUIRE(stream);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

Json schema(std::string_view name) {
  return Json::parse(text_of(schemas / name));
}

bool is_own(const Kind& kind) {
  return kind.api_version == own_api;
}

/// A device whose drivers touch nothing until they are asked.
struct DeviceBelow {
  config::Config config;
  std::string key = "key";
  config::OwnPaths own;
  std::atomic<bool> stop = false;

  explicit DeviceBelow(config::Runtime runtime) {
    config.root = "/nonexistent";
    config.runtime = runtime;
    config.file = "/nonexistent/agent.yaml";
  }

  Drivers drivers() {
    return Drivers({config, key, own, stop, [] {}, [](std::string_view) {}});
  }
};

std::size_t count_serving(const Drivers& drivers, const ObjectId& id) {
  return static_cast<std::size_t>(
      std::ranges::count_if(drivers.list(), [&](const Served& served) { return served.kinds->serves(id); }));
}

}  // namespace

TEST_CASE("kinds: each is in the table once") {
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const auto& kind : table()) CHECK(known.emplace(kind.api_version, kind.name).second);
}

TEST_CASE("kinds: one driver serves each, where its runtime is") {
  const auto with_podman = DeviceBelow(config::Runtime::podman).drivers();
  const auto without = DeviceBelow(config::Runtime::none).drivers();
  for (const auto& kind : table()) {
    INFO(kind.name);
    const ObjectId id{std::string(kind.api_version), std::string(kind.name), "", "a"};
    CHECK(count_serving(with_podman, id) == 1);
    CHECK(count_serving(without, id) == (is_own(kind) ? 1 : 0));
  }
  CHECK(count_serving(with_podman, {"v1", "Namespace", "", "a"}) == 0);
  CHECK(count_serving(with_podman, {std::string(own_api), "Unknown", "", "a"}) == 0);
}

TEST_CASE(
    "kinds: a device takes those that its configuration allows, and says of the others which these are") {
  DeviceBelow device(config::Runtime::podman);
  device.config.allowed_kinds = {"File", "Pod"};
  const auto drivers = device.drivers();
  for (const auto& kind : table()) {
    INFO(kind.name);
    Manifest manifest;
    manifest.id = {std::string(kind.api_version), std::string(kind.name), "", "a"};
    manifest.document = {yaml::Node::Map{}, {}};
    const auto served = std::ranges::find_if(
        drivers.list(), [&](const Served& one) { return one.kinds->serves(manifest.id); });
    REQUIRE(served != drivers.list().end());
    Problems problems;
    const bool allowed = kind.name == "File" || kind.name == "Pod";
    try {
      served->kinds->footprint(manifest, problems);
    } catch (const std::exception&) {
      CHECK(allowed);  // the manifest has no spec
    }
    const bool refused =
        !problems.empty() && problems.list().front().message.find("only File, Pod") != std::string::npos;
    CHECK(refused == !allowed);
  }
}

TEST_CASE("kinds: each of our kinds has its own schema") {
  for (const auto& kind : table()) {
    INFO(kind.name);
    CHECK(kind.schema.empty() == !is_own(kind));
    if (kind.schema.empty()) continue;
    const auto properties = schema(kind.schema).at("/$defs/overlay/properties"_json_pointer);
    CHECK(properties.at("kind").at("const") == kind.name);
    CHECK(properties.at("apiVersion").at("const") == kind.api_version);
  }
}

TEST_CASE("kinds: the schemas of any manifest lead to those of the kinds, and to no other") {
  std::vector<std::string> names;
  std::vector<std::string> manifest_refs;
  std::vector<std::string> overlay_refs;
  for (const auto& kind : table()) {
    if (!is_own(kind)) continue;
    names.emplace_back(kind.name);
    manifest_refs.push_back(fmt::format("{}: {}", kind.name, kind.schema));
    overlay_refs.push_back(fmt::format("{}: {}#/$defs/overlay", kind.name, kind.schema));
  }
  const auto refs_in = [](const Json& any) {
    std::vector<std::string> refs;
    for (const auto& rule : any.at("allOf")) {
      const auto& of = rule.at("if").at("properties");
      if (!of.contains("kind")) continue;
      refs.push_back(fmt::format("{}: {}", of.at("kind").at("const").get<std::string>(),
                                 rule.at("then").at("$ref").get<std::string>()));
    }
    return refs;
  };
  for (const auto* file : {"manifest.schema.json", "overlay.schema.json"}) {
    INFO(file);
    const auto any = schema(file);
    CHECK(any.at("/allOf/0/then/properties/kind/enum"_json_pointer) == names);
    CHECK(refs_in(any) == (file == std::string("manifest.schema.json") ? manifest_refs : overlay_refs));
  }
  const auto readme = text_of(schemas / "README.md");
  for (const auto& kind : table()) {
    if (is_own(kind)) {
      const auto stem = kind.schema.substr(0, kind.schema.find('.'));
      CHECK_THAT(readme, Catch::Contains(fmt::format("`{}`", stem)));
    }
  }
}

TEST_CASE("kinds: the manual page has a section on each of our kinds") {
  const auto page = text_of(test::source_directory() / "packaging/man/greenwave.yaml.5");
  for (const auto& name : own_names()) {
    INFO(name);
    CHECK_THAT(page, Catch::Contains("\n.Ss " + name + "\n"));
  }
}

TEST_CASE("kinds: the README's page on adding one names what is there") {
  const auto page = text_of(test::source_directory() / "agent/README.md");
  const auto begin = page.find("## Adding a kind");
  REQUIRE(begin != std::string::npos);
  const auto part = page.substr(begin, page.find("\n## ", begin + 1) - begin);
  std::size_t files = 0;
  for (std::size_t at = part.find('`'); at != std::string::npos; at = part.find('`', at + 1)) {
    const auto end = part.find('`', at + 1);
    const auto word = part.substr(at + 1, end - at - 1);
    at = end;
    const auto top = word.substr(0, word.find('/'));
    if (top != "agent" && top != "manifests" && top != "packaging" && top != "tools") continue;
    INFO(word);
    CHECK(std::filesystem::exists(test::source_directory() / word));
    ++files;
  }
  CHECK(files > 5);
}

TEST_CASE("kinds: what nothing serves is told from what another runtime serves") {
  const auto meant = [](const char* api, const char* kind) {
    const auto found = correction({api, kind, "", "a"});
    return found ? std::string(found->field) + ": " + found->word : "";
  };
  CHECK(meant("greenwve.dev/v1", "File") == "apiVersion: greenwave.dev/v1");
  CHECK(meant("greenwave.dev/v2", "Fiel") == "apiVersion: greenwave.dev/v1");
  CHECK(meant("greenwave.dev/v1", "Fiel") == "kind: File");
  CHECK(meant("v1", "Deployment") == "apiVersion: apps/v1");
  CHECK(meant("apps/v1", "Deploymnet") == "kind: Deployment");
  CHECK(meant("v1", "Service").empty());
  CHECK(meant("v1", "Pod").empty());

  for (const ObjectId& id : {ObjectId{"greenwve.dev/v1", "File", "", "a"},
                             {"greenwave.dev/v2", "File", "", "a"},
                             {"v1", "Pdo", "", "a"},
                             {"v1", "File", "", "a"}}) {
    CHECK(is_served_nowhere(id));
    CHECK_FALSE(is_served(id, "kubernetes"));
    CHECK_FALSE(is_served(id, ""));
  }
  const ObjectId pod{"v1", "Pod", "", "a"};
  const ObjectId space{"v1", "Namespace", "", "a"};
  CHECK((is_served(pod, "podman") && is_served(pod, "kubernetes") && is_served(pod, "")));
  CHECK_FALSE(is_served(pod, "none"));
  CHECK_FALSE(is_served(space, "podman"));
  CHECK((is_served(space, "kubernetes") && is_served(space, "")));
  CHECK(is_served({"example.org/v1", "Lamp", "", "a"}, "kubernetes"));
  CHECK(is_served({"greenwave.dev/v1", "File", "", "a"}, "none"));
}
