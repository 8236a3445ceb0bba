#include "render/confined/codec.h"

#include <random>

#include <catch2/catch.hpp>

#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t end) { return random_() % end; }
  bool flag() { return below(2) == 0; }
  std::string text() {
    std::string text(below(12), ' ');
    for (auto& byte : text) byte = static_cast<char>(random_());
    return text;
  }
  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }

  Place place() {
    if (!files_.empty() && flag()) return {files_[below(files_.size())], number(), number(), flag()};
    if (flag()) return {nullptr, number(), number(), flag()};
    files_.push_back(std::make_shared<const std::string>(text()));
    return {files_.back(), number(), number(), flag()};
  }

  yaml::Node node(int depth = 5) {
    yaml::Node node{.value = {}, .place = place()};
    switch (below(depth > 0 ? 7 : 5)) {
      case 1:
        node.value = flag();
        break;
      case 2:
        node.value = static_cast<std::int64_t>(number()) - number();
        break;
      case 3:
        node.value = static_cast<double>(number()) / 7;
        break;
      case 4:
        node.value = text();
        node.written = std::make_shared<const yaml::Written>(
            yaml::Written{std::vector<Place>(1 + below(2), place()), {}});
        break;
      case 5: {
        yaml::Node::Sequence items;
        for (auto left = below(4); left > 0; --left) items.push_back(this->node(depth - 1));
        node.value = std::move(items);
        break;
      }
      case 6: {
        yaml::Node::Map members;
        for (auto left = below(4); left > 0; --left) {
          members.push_back({text() + std::to_string(left), place(), this->node(depth - 1)});
        }
        node.value = std::move(members);
        break;
      }
      default:
        break;
    }
    return node;
  }

  Problems problems() {
    Problems problems;
    for (auto left = below(5); left > 0; --left) {
      flag() ? problems.error(place(), text(), text()) : problems.warning(place(), text(), text());
    }
    return problems;
  }

  Device device() {
    Device device;
    device.id = text();
    device.in_inventory = flag();
    device.retired = flag();
    device.position = {static_cast<double>(number()), 0.5};
    device.properties = node();
    for (auto left = below(4); left > 0; --left) device.labels[text()] = text();
    return device;
  }

 private:
  std::mt19937 random_;
  std::vector<std::shared_ptr<const std::string>> files_;
};

/// A render of a city with everything in it that a render can have.
render::Rendered some_render() {
  return rendered(
      {{"greenwave.yaml",
        cluster("{vars: {ntp: [a, {b: 1.5}]}, layers: [{path: base, selector: {matchExpressions: "
                "[{key: model, operator: NotIn, values: [x]}]}}, {path: west, optional: true}], "
                "waves: [{name: canary, percent: 5, ref: refs/heads/wave/canary, soak: 3h}], windows: "
                "[{name: night, days: [mon], from: '01:00', to: '04:30', timezone: UTC}]}")},
       {"base/a.yaml", file_named("a", "{path: /etc/a, content: \"${device.id} ${cluster.ntp}\"}")},
       {"base/b.yaml", file_named("b", "{path: /etc/b, source: files/b}")},
       {"base/c.yaml", file_named("c", "{path: /etc/c, source: files/c}")},
       {"base/d.yaml", "not: a manifest"},
       {"files/b", "b"}});
}

template <typename Value>
void check_crossing(const Value& value) {
  const auto bytes = sandbox::to_bytes(value);
  CHECK((sandbox::to_bytes(sandbox::from_bytes<Value>(bytes)) == bytes));
}

}  // namespace

TEST_CASE("codec: any value of a render crosses as it is") {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    const auto node = random.node();
    CHECK(yaml::same_value(sandbox::from_bytes<yaml::Node>(sandbox::to_bytes(node)), node));
    check_crossing(node);
    check_crossing(random.problems());
    check_crossing(random.device());
    check_crossing(ObjectId{random.text(), random.text(), random.text(), random.text()});
  }
}

TEST_CASE("codec: a whole render crosses, and what its cluster says is read again") {
  const auto made = some_render();
  REQUIRE(made.manifests.size() == 1);
  REQUIRE_FALSE(made.complete);
  REQUIRE_FALSE(made.refused.empty());
  check_crossing(made);
  const auto cluster = sandbox::from_bytes<render::Rendered>(sandbox::to_bytes(made)).cluster;
  CHECK(cluster.name == "city");
  CHECK(cluster.layers.size() == 2);
  CHECK(cluster.layers[1].optional);
  CHECK(cluster.waves[0].soak == std::chrono::hours(3));
  CHECK(cluster.windows[0].to == "04:30");
  CHECK(to_string(cluster.windows[0].place) == to_string(made.cluster.windows[0].place));
}

TEST_CASE("codec: the values of a file share its name on the other side too") {
  const auto file = std::make_shared<const std::string>("base/a.yaml");
  const yaml::Node node{yaml::Node::Sequence(3, {nullptr, {file, 1, 1}}), {file, 1, 1}};
  const auto crossed = sandbox::from_bytes<yaml::Node>(sandbox::to_bytes(node));
  for (const auto& item : *crossed.sequence()) CHECK(item.place.file == crossed.place.file);
}

TEST_CASE("codec: bytes that were changed are refused, or are another value") {
  const auto bytes = sandbox::to_bytes(some_render());
  Random random(12);
  for (int round = 0; round < 20'000; ++round) {
    auto changed = bytes;
    for (auto left = 1 + random.below(3); left > 0; --left) {
      changed[random.below(changed.size())] = static_cast<char>(random.number());
    }
    try {
      sandbox::from_bytes<render::Rendered>(changed, 1 << 20);
    } catch (const sandbox::Malformed&) {
    }
  }
}

TEST_CASE("codec: what is nested without end is refused") {
  sandbox::Writer writer;
  for (int depth = 0; depth < 100'000; ++depth) {
    writer.all(Place{}, std::uint32_t{0}, std::uint8_t{5}, std::uint32_t{1});
  }
  CHECK_THROWS_AS(sandbox::from_bytes<yaml::Node>(writer.bytes()), sandbox::Malformed);
}

TEST_CASE("codec: a list that becomes more than is allowed is refused before it is there") {
  sandbox::Writer writer;
  writer.all(Place{}, std::uint32_t{0}, std::uint8_t{5}, std::uint32_t{8'000'000});
  const auto bytes = writer.take() + std::string(8'000'000, '\0');
  CHECK_THROWS_AS(sandbox::from_bytes<yaml::Node>(bytes, 64 << 20), sandbox::Malformed);
}

TEST_CASE("codec: a cluster that greenwave.yaml could not say is refused") {
  auto made = some_render();
  yaml::set(*made.cluster.document.find("spec"), "waves",
            {yaml::Node::Sequence{{"refs/heads/a\nwant x", {}}}, {}});
  CHECK_THROWS_AS(sandbox::from_bytes<Cluster>(sandbox::to_bytes(made.cluster)), sandbox::Malformed);
}
