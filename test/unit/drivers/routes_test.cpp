#include "drivers/podman/network/routes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/network/cluster_service.h"
#include "support/seeds.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using Catch::Matchers::Contains;

namespace {

/// What iptables would hold after iptables-restore --noflush: the rules of each chain, and which chains there
/// are.
class Filter {
 public:
  void restore(const std::string& text) {
    std::string table;
    for (const auto line : split(text, '\n')) {
      const auto words = words_of(line);
      if (words.empty() || words[0] == "COMMIT") continue;
      if (words[0].starts_with('*')) {
        table = words[0].substr(1);
      } else if (words[0].starts_with(':')) {
        chains_[table + " " + words[0].substr(1)].clear();
      } else if (words[0] == "-X") {
        CHECK(chains_.erase(table + " " + words[1]) == 1);
      } else {
        change(table, words, std::string(line));
      }
    }
  }

  /// As iptables-save writes it.
  std::string saved() const {
    std::string text;
    for (const auto* table : {"filter", "nat"}) {
      text += fmt::format("*{}\n", table);
      const auto prefix = std::string(table) + " ";
      for (const auto& [name, rules] : chains_) {
        if (name.starts_with(prefix)) text += fmt::format(":{} - [0:0]\n", name.substr(prefix.size()));
      }
      for (const auto& [name, rules] : chains_) {
        if (!name.starts_with(prefix)) continue;
        for (const auto& rule : rules) text += fmt::format("-A {} {}\n", name.substr(prefix.size()), rule);
      }
      text += "COMMIT\n";
    }
    return text;
  }

  /// Podman puts a rule of its own before those that are there.
  void insert_another(const std::string& chain) {
    auto& rules = chains_[chain];
    rules.insert(rules.begin(), "-j NETAVARK");
  }

  /// Whether nothing of ours is there.
  bool empty() const { return own_lines(saved()).empty(); }

  /// Whether each of iptables' own chains calls ours first, and once.
  bool calls_ours_first() const {
    for (const auto* chain :
         {"nat PREROUTING", "nat OUTPUT", "nat POSTROUTING", "filter FORWARD", "filter OUTPUT"}) {
      const auto found = chains_.find(chain);
      if (found == chains_.end() || !found->second.front().starts_with("-j GREENWAVE-")) return false;
      if (std::ranges::count(found->second, found->second.front()) != 1) return false;
    }
    return true;
  }

  /// Where connections to an address and port go, and which share of them.
  std::map<std::string, double> ways(const std::string& address, const std::string& protocol,
                                     int port) const {
    std::map<std::string, double> found;
    double left = 1;
    const auto chain = chains_.find("nat GREENWAVE-SERVICES");
    if (chain == chains_.end()) return found;
    const auto head = fmt::format("-d {}/32 -p {} -m {} --dport {} ", address, protocol, protocol, port);
    for (const auto& rule : chain->second) {
      if (!rule.starts_with(head)) continue;
      const auto words = words_of(rule);
      const auto chance = std::ranges::find(words, "--probability");
      const double share = left * (chance == words.end() ? 1 : std::stod(*(chance + 1)));
      found[words.back()] += share;
      left -= share;
    }
    return found;
  }

 private:
  static std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (const auto word : split(line, ' ')) {
      if (!word.empty()) words.emplace_back(word);
    }
    return words;
  }

  void change(const std::string& table, const std::vector<std::string>& words, const std::string& line) {
    auto& rules = chains_[table + " " + words[1]];
    const auto rule = line.substr(words[0].size() + words[1].size() + 2);
    if (words[0] == "-D") {
      CHECK(std::erase(rules, rule) == 1);
    } else if (words[0] == "-I") {
      rules.insert(rules.begin(), rule);
    } else {
      REQUIRE(words[0] == "-A");
      rules.push_back(rule);
    }
  }

  std::map<std::string, std::vector<std::string>> chains_;
};

ClusterService random_service(std::minstd_rand& random, const std::string& name) {
  ClusterService service{
      random() % 2 == 0 ? "default" : "signals", name, {{"app", fmt::format("a{}", random() % 3)}}, {}, {}};
  if (random() % 3 == 0) service.selector["tier"] = fmt::format("t{}", random() % 2);
  for (unsigned i = 0; i < 1 + random() % 3; ++i) {
    service.ports.push_back({random() % 4 == 0 ? "udp" : "tcp", static_cast<std::uint16_t>(80 + i),
                             static_cast<std::uint16_t>(random() % 5 == 0 ? 0 : 8080 + random() % 3)});
  }
  return service;
}

Backend random_backend(std::minstd_rand& random, unsigned number) {
  return {random() % 2 == 0 ? "default" : "signals",
          {{"app", fmt::format("a{}", random() % 3)}, {"tier", fmt::format("t{}", random() % 2)}},
          fmt::format("10.89.0.{}", number + 2),
          {},
          random() % 3 != 0};
}

ClusterService read(const std::string& text, const std::vector<std::string>& others, Problems& problems) {
  const test::PodRender render(others);
  return read_service(test::kube_manifest(text), render.desired, problems);
}

}  // namespace

TEST_CASE(
    "services: whatever Services and pods there are, each port leads to the ready pods, and all as often") {
  const auto first = test::first_seed();
  for (auto seed = first; seed < first + test::seed_count(300); ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed + 1);
    Filter filter;
    for (int change = 0; change < 6; ++change) {
      std::vector<ClusterService> services;
      std::set<std::string> taken;
      for (unsigned i = 0; i < random() % 5; ++i) {
        auto service = random_service(random, fmt::format("s{}", i));
        if (random() % 4 != 0) service.address = address_for(service.space, service.name, taken);
        taken.insert(service.address);
        services.push_back(std::move(service));
      }
      std::vector<Backend> backends;
      for (unsigned i = 0; i < random() % 8; ++i) backends.push_back(random_backend(random, i));

      filter.restore(rules_for(services, backends, own_lines(filter.saved())));
      const auto own = own_lines(filter.saved());
      filter.restore(rules_for(services, backends, own));
      CHECK(own_lines(filter.saved()) == own);  // once more changes nothing

      bool has_addresses = false;
      for (const auto& service : services) {
        if (service.is_headless()) continue;
        has_addresses = true;
        std::set<std::string> wanted;
        bool any_ready = false;
        for (const auto& one : backends)
          any_ready = any_ready || (one.ready && service.selects(one.space, one.labels));
        for (const auto& one : backends) {
          if (service.selects(one.space, one.labels) && (one.ready || !any_ready)) wanted.insert(one.address);
        }
        for (const auto& port : service.ports) {
          const auto ways = filter.ways(service.address, port.protocol, port.number);
          CHECK(ways.size() == (port.target == 0 ? 0 : wanted.size()));
          for (const auto& [to, share] : ways) {
            CHECK(wanted.contains(to.substr(0, to.find(':'))));
            CHECK(to.ends_with(fmt::format(":{}", port.target)));
            CHECK(std::abs(share - 1.0 / static_cast<double>(ways.size())) < 1e-6);
          }
        }
      }
      CHECK(filter.empty() != has_addresses);
      CHECK(filter.calls_ours_first() == has_addresses);
      for (const auto* chain : {"nat PREROUTING", "nat POSTROUTING", "filter FORWARD"}) {
        if (random() % 2 == 0) filter.insert_another(chain);
      }
    }
    filter.restore(rules_for({}, {}, own_lines(filter.saved())));
    CHECK(filter.empty());
    CHECK(rules_for({}, {}, own_lines(filter.saved())).empty());
  }
}

TEST_CASE("services: a hosts file keeps what others wrote, and has our lines once") {
  const std::string file = "127.0.0.1\tlocalhost\n198.18.3.4\told\n# a remark\n10.0.0.1 mine";
  const std::vector<HostLine> lines{{"198.18.1.2", {"web", "web.default"}}, {"10.89.0.4", {"db"}}};
  const auto once = with_host_lines(file, lines);
  CHECK(once ==
        "127.0.0.1\tlocalhost\n# a remark\n10.0.0.1 mine\n198.18.1.2\tweb web.default\t# greenwave\n"
        "10.89.0.4\tdb\t# greenwave\n");
  CHECK(with_host_lines(once, lines) == once);
  CHECK(with_host_lines(once, {}) == "127.0.0.1\tlocalhost\n# a remark\n10.0.0.1 mine\n");
  CHECK(with_host_lines("", {}).empty());
}

TEST_CASE("services: an address is the name's own, and another one where that is taken") {
  const auto own = address_for("default", "web", {});
  CHECK(own == address_for("default", "web", {"198.18.0.0"}));
  CHECK(own != address_for("default", "web", {own}));
  CHECK(own != address_for("signals", "web", {}));
  CHECK(own.starts_with("198.18."));
}

TEST_CASE("services: a port by name is looked up in the pods that are selected") {
  const std::string service = R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
)";
  const auto pod = [](const std::string& name, const std::string& app, int port) {
    return fmt::format(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, labels: {{app: {}}}}}\n"
        "spec: {{containers: [{{name: m, image: i:1, ports: [{{name: http, containerPort: {}}}]}}]}}\n",
        name, app, port);
  };
  Problems problems;
  CHECK(read(service, {pod("a", "web", 8080), pod("b", "other", 9090)}, problems).ports[0].target == 8080);
  CHECK(read(service, {}, problems).ports[0].target == 0);
  CHECK(problems.empty());
  read(service, {pod("a", "web", 8080), pod("b", "web", 9090)}, problems);
  CHECK_THAT(test::text_of(problems), Contains("pod.yaml:4") && Contains("another one in each of the pods"));
}

TEST_CASE("services: a record survives its way through the state file") {
  ClusterService service{
      "signals", "web", {{"app", "web"}}, {{"tcp", 80, 8080}, {"udp", 53, 0}}, "198.18.4.5"};
  const ObjectId id{"v1", "Service", "signals", "web"};
  CHECK(service_from(id, to_json(service)) == service);
  CHECK_THROWS_AS(service_from(id, "{}"), Error);
  CHECK_THROWS_AS(service_from(id, "[1"), Error);
}
