#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "changes/board.h"
#include "changes/objects.h"
#include "changes/survey.h"
#include "judge/judge.h"
#include "support/memory_tree.h"

using namespace greenwave;
using namespace greenwave::hub;
using std::chrono::seconds;

namespace {

const Instant start{};

std::string commit(int number) {
  return fmt::format("{:040x}", number);
}

/// A city of `devices`, of which every one has a File with the content of its group.
std::map<std::string, std::string> springfield_files(
    int devices = 1, const std::function<std::string(int)>& content = [](int) { return ""; }) {
  auto features = nlohmann::json::array();
  std::map<std::string, std::string> files{
      {"greenwave.yaml",
       "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: springfield}\nspec:\n  devices: "
       "devices.geojson\n"
       "  layers: [{path: \"devices/${device.id}\", optional: true}]\n"}};
  for (int i = 0; i < devices; ++i) {
    features.push_back({{"type", "Feature"},
                        {"id", fmt::format("d-{:03}", i)},
                        {"geometry", {{"type", "Point"}, {"coordinates", {-122.4, 37.7}}}},
                        {"properties", nlohmann::json::object()}});
    files[fmt::format("devices/d-{:03}/f.yaml", i)] = fmt::format(
        "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {{name: f}}\nspec: {{path: /etc/f, content: "
        "\"{}\"}}\n",
        content(i));
  }
  files["devices.geojson"] = nlohmann::json{{"type", "FeatureCollection"}, {"features", features}}.dump();
  return files;
}

test::MemoryTree springfield(int devices, const std::function<std::string(int)>& content) {
  return test::MemoryTree(springfield_files(devices, content));
}

constexpr const char* three_layers = R"(apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: springfield}
spec:
  devices: devices.geojson
  layers:
    - path: base
    - {path: cabinet, selector: {matchLabels: {cabinet: large}}, optional: true}
    - {path: "devices/${device.id}", optional: true}
)";

/// Files of random manifests in the three layers, and where each object of d-000 is declared.
struct RandomCity {
  std::map<std::string, std::string> files;
  std::map<std::string, std::vector<std::string>> places;
};

RandomCity random_city(std::mt19937& random, bool has_label) {
  RandomCity city;
  city.files = springfield_files();
  city.files.erase("devices/d-000/f.yaml");
  city.files["greenwave.yaml"] = three_layers;
  city.files["base/always.yaml"] =
      "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: always}\nspec: {path: /etc/always, "
      "content: x}\n";
  city.places["File/always"] = {"base/always.yaml:1:1"};
  for (const std::string layer : {"base", "cabinet", "devices/d-000"}) {
    std::set<int> names;
    for (int file = 0; file < 3; ++file) {
      std::string text;
      const auto path = fmt::format("{}/{}.yaml", layer, file);
      for (auto left = random() % 4; left > 0; --left) {
        const auto name = static_cast<int>(random() % 8);
        if (!names.insert(name).second) continue;  // twice in one layer is an error
        text += std::string(random() % 3, '\n');
        if (!text.empty()) text += "---\n";
        const auto line = 1 + std::ranges::count(text, '\n');
        const bool is_declared = !city.places[fmt::format("File/f{}", name)].empty();
        const bool deletes = is_declared && random() % 4 == 0;
        const bool replaces = is_declared && random() % 4 == 0;
        text += fmt::format("apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {{name: f{0}}}\n{1}", name,
                            deletes ? "$patch: delete\n"
                                    : fmt::format("{}spec: {{path: /etc/f{}, content: \"{}\"}}\n",
                                                  replaces ? "$patch: replace\n" : "", name, layer));
        if (layer == "cabinet" && !has_label) continue;
        auto& places = city.places[fmt::format("File/f{}", name)];
        if (deletes || replaces) places.clear();
        if (!deletes) {
          places.push_back(fmt::format("{}:{}:1", path, line));
        }
      }
      if (!text.empty()) city.files[path] = text;
    }
  }
  std::erase_if(city.places, [](const auto& object) { return object.second.empty(); });
  return city;
}

}  // namespace

TEST_CASE("objects: each is found in the files and lines where the layers of its device declare it") {
  std::mt19937 random(11);
  for (int round = 0; round < 100; ++round) {
    const bool has_label = random() % 2 == 0;
    auto city = random_city(random, has_label);
    const auto labels = has_label ? Labels{{"cabinet", "large"}} : Labels{};
    const auto found = objects_of(test::MemoryTree(city.files), labels, "d-000");
    std::map<std::string, std::vector<std::string>> places;
    for (const auto& one : found.objects) places[one.object] = one.places;
    INFO("round " << round << ": " << nlohmann::json(places) << " for " << nlohmann::json(city.files));
    CHECK(places == city.places);
    CHECK(found.total == city.places.size());
    CHECK(found.complete);
  }
}

TEST_CASE("objects: one with an error is said to stay as it is, and a device without a Feature has none") {
  auto files = springfield_files();
  files["devices/d-000/f.yaml"] =
      "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: f}\nspec: {path: "
      "\"/etc/${device.nothing}\"}\n";
  const test::MemoryTree tree(std::move(files));
  const auto found = objects_of(tree, {}, "d-000");
  REQUIRE(found.objects.size() == 1);
  CHECK(found.objects.front().refused);
  CHECK(found.objects.front().places == std::vector<std::string>{"devices/d-000/f.yaml:1:1"});
  CHECK_THROWS_WITH(objects_of(tree, {}, "d-999"), Catch::Contains("does not list the device"));
}

TEST_CASE("objects: what a process that was taken over says is printable and of bounded size") {
  DeviceObjects objects;
  objects.objects.resize(most_objects + 1);
  objects.objects.front() = {.object = "File/\x1b[2J",
                             .places = std::vector<std::string>(50, std::string(5000, 'x'))};
  make_showable(objects);
  CHECK(objects.objects.size() == most_objects);
  CHECK(printable(objects.objects.front().object) == objects.objects.front().object);
  CHECK(objects.objects.front().places.size() == most_places);
  CHECK(objects.objects.front().places.front().size() < 2 * most_line);
}

TEST_CASE("objects: a place is in the repository, whatever directory of it the city is in") {
  const DeviceObjects objects{.total = 1, .objects = {{.object = "File/f", .places = {"base/f.yaml:3:1"}}}};
  const auto place = [&](const std::string& directory) {
    return nlohmann::json::parse(objects_json(commit(1), directory, objects))["objects"][0]["places"][0];
  };
  CHECK(place("") == "base/f.yaml:3:1");
  CHECK(place("cities/springfield") == "cities/springfield/base/f.yaml:3:1");
}

TEST_CASE("changes: a survey counts every device, and names as many as a page can show") {
  const auto rules = greenwave::city::rules_of({});
  const auto base = springfield(300, [](int) { return "old"; });
  const auto head = springfield(300, [](int device) { return device < 250 ? "new" : "old"; });
  const auto changes = survey(base, head, rules);
  CHECK(changes.devices == 300);
  CHECK(changes.changed == 250);
  std::uint64_t counted = 0;
  for (const auto& group : changes.groups) {
    counted += group.devices;
    CHECK(group.some.size() == std::min<std::size_t>(group.devices, most_named));
  }
  CHECK(counted == 250);
  REQUIRE_FALSE(changes.groups.front().sample.empty());
  CHECK(changes.groups.front().sample.front().diff.find("+  content: new") != std::string::npos);
}

TEST_CASE("changes: a diff too large for a page is cut at a line, and says so") {
  const auto rules = greenwave::city::rules_of({});
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += fmt::format("line {}\\n", i);
  const auto changes =
      survey(springfield(1, [](int) { return ""; }), springfield(1, [&](int) { return lines; }), rules);
  const auto& sample = changes.groups.front().sample.front();
  CHECK(sample.is_cut);
  CHECK(sample.diff.size() <= most_diff);
  CHECK(sample.diff.ends_with('\n'));
}

TEST_CASE("changes: what a comparison that was taken over says is printable and of bounded size") {
  Changes changes;
  changes.groups.resize(most_groups + 5);
  auto& group = changes.groups.front();
  group.some.assign(most_named + 1, "sf-1\x1b[2J");
  group.steps.resize(most_steps + 1);
  for (auto& step : group.steps) step.verb.assign(5000, 'x');
  group.sample_device = "d\n";
  group.sample.push_back({.verb = "update", .object = "File/f", .diff = std::string(1 << 20, '\x07')});
  make_showable(changes);
  CHECK(changes.groups.size() == most_groups);
  CHECK(group.some.size() == most_named);
  CHECK(printable(group.some.front()) == group.some.front());
  CHECK(group.steps.size() == most_steps);
  CHECK(group.steps.front().verb.size() < 2 * most_line);
  CHECK(group.sample.front().is_cut);
  CHECK(printable_lines(group.sample.front().diff) == group.sample.front().diff);
}

TEST_CASE("board: a pair is compared once, however many ask in whatever order, and what failed again later") {
  std::mt19937 random(7);
  for (int course = 0; course < 50; ++course) {
    std::vector<CommitPair> asked;
    ChangesBoard board([&](const CommitPair& pair) { asked.push_back(pair); });
    std::set<std::string> commits;
    for (int i = 0; i < 6; ++i) commits.insert(commit(i));
    board.allow(commits);
    std::set<CommitPair> under_way;
    std::set<CommitPair> done;
    for (int step = 0; step < 200; ++step) {
      const CommitPair pair{commit(static_cast<int>(random() % 8)),
                            random() % 2 == 0 ? "" : commit(static_cast<int>(random() % 2))};
      if (random() % 3 == 0 && !under_way.empty()) {
        const auto told = *under_way.begin();
        board.told({.pair = told, .answer = R"({"state":"done"})", .why = {}, .remedy = {}});
        under_way.erase(told);
        done.insert(told);
        continue;
      }
      const auto before = asked.size();
      const auto reply = board.answer(pair, start);
      const bool allowed = commits.contains(pair.head);
      CHECK((reply.status == 404) == !allowed);
      if (asked.size() == before) continue;
      CHECK(allowed);
      CHECK(reply.status == 202);
      CHECK_FALSE(under_way.contains(pair));
      under_way.insert(pair);
    }
  }
}

TEST_CASE("board: what could not be compared says why, and is tried again after a minute") {
  int asked = 0;
  ChangesBoard board([&](const CommitPair&) { ++asked; });
  CHECK(board.answer({commit(1), ""}, start).body.find("has not read") != std::string::npos);
  board.allow({commit(1)});
  CHECK(board.answer({commit(1), ""}, start).status == 202);
  board.told({.pair = {commit(1), ""}, .answer = {}, .why = "no history", .remedy = "clone it whole"});
  const auto reply = board.answer({commit(1), ""}, start + seconds(30));
  CHECK(reply.status == 200);
  CHECK(nlohmann::json::parse(reply.body)["error"] == "no history");
  CHECK(asked == 1);
  CHECK(board.answer({commit(1), ""}, start + seconds(61)).status == 202);
  CHECK(asked == 2);
}

TEST_CASE("board: as many comparisons as are remembered may be under way, and no more") {
  int asked = 0;
  ChangesBoard board([&](const CommitPair&) { ++asked; });
  std::set<std::string> commits;
  for (int i = 0; i < 40; ++i) commits.insert(commit(i));
  board.allow(commits);
  for (int i = 0; i < 40; ++i) board.answer({commit(i), ""}, start);
  CHECK(asked == 16);
  CHECK(board.answer({commit(39), ""}, start).status == 429);
  board.told({.pair = {commit(3), ""}, .answer = "{}", .why = {}, .remedy = {}});
  CHECK(board.answer({commit(39), ""}, start).status == 202);
}

TEST_CASE(
    "board: a device's objects are found for any commit, and never in the place of a rollout's comparison") {
  std::vector<CommitPair> asked;
  ChangesBoard board([&](const CommitPair& pair) { asked.push_back(pair); });
  board.allow({commit(1)});
  const CommitPair rollout{commit(1), ""};
  board.answer(rollout, start);
  board.told({.pair = rollout, .answer = "{}", .why = {}, .remedy = {}});
  for (int i = 0; i < 100; ++i) {
    const CommitPair pair{.head = commit(1000), .device = fmt::format("d-{}", i), .about = About::objects};
    CHECK(board.answer(pair, start + seconds(1 + i)).status == 202);
    board.told({.pair = pair, .answer = "{}", .why = {}, .remedy = {}});
    CHECK(board.answer(pair, start + seconds(1 + i)).status == 200);
  }
  CHECK(board.answer(rollout, start + seconds(200)).status == 200);
  CHECK(asked.size() == 101);
}
