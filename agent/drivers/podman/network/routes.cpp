#include "drivers/podman/network/routes.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

constexpr std::string_view own_address = "198.18.";
constexpr unsigned most_addresses = 65534;
constexpr std::string_view own_mark = "# greenwave";

/// Where a chain of iptables' own calls one of ours.
struct Call {
  std::string_view table;
  std::string_view from;
  std::string_view to;

  std::string rule() const { return fmt::format("{} -j {}", from, to); }
};

constexpr std::array<Call, 5> calls{{{"nat", "PREROUTING", service_chain},
                                     {"nat", "OUTPUT", service_chain},
                                     {"nat", "POSTROUTING", answer_chain},
                                     {"filter", "FORWARD", service_chain},
                                     {"filter", "OUTPUT", service_chain}}};

/// As own_lines has it.
bool is_called(std::string_view own, const Call& call, std::string_view mark = "") {
  const auto line = fmt::format("{} -A {}{}\n", call.table, call.rule(), mark);
  return own.find(line) != own.npos;
}

std::vector<std::string> names_in(const std::string& own_space, const std::string& name,
                                  const std::string& space) {
  std::vector<std::string> names;
  if (space == own_space) names.push_back(name);
  for (const auto* rest : {"", ".svc", ".svc.cluster.local"}) names.push_back(name + "." + space + rest);
  return names;
}

/// Each connection goes to one of them, all as likely.
void add_rules(const ClusterService& service, const ClusterService::Port& port,
               const std::vector<Backend>& backends, std::string& rules) {
  if (port.target == 0) return;
  for (std::size_t i = 0; i < backends.size(); ++i) {
    const auto left = backends.size() - i;
    const auto chance = left == 1 ? ""
                                  : fmt::format(" -m statistic --mode random --probability {:.10f}",
                                                1.0 / static_cast<double>(left));
    rules += fmt::format("-A {0} -d {1}/32 -p {2} -m {2} --dport {3}{4} -j DNAT --to-destination {5}:{6}\n",
                         service_chain, service.address, port.protocol, port.number, chance,
                         backends[i].address, port.target);
  }
}

/// Of one table: the chains, emptied, and then `body`.
std::string table_of(std::string_view table, std::string_view own, std::span<const std::string_view> chains,
                     const std::string& body, bool is_needed) {
  std::string text = fmt::format("*{}\n", table);
  for (const auto chain : chains) text += fmt::format(":{} - [0:0]\n", chain);
  for (const auto& call : calls) {
    if (call.table != table) continue;
    const bool is_late = is_called(own, call, late_mark);
    const bool is_first = is_called(own, call);
    if (is_late || (is_first && !is_needed)) text += fmt::format("-D {}\n", call.rule());
    if (is_needed && !is_first) text += fmt::format("-I {}\n", call.rule());
  }
  text += body;
  if (!is_needed) {
    for (const auto chain : chains) text += fmt::format("-X {}\n", chain);
  }
  return text + "COMMIT\n";
}

/// Its lines without the mark are those that podman wrote itself, when it made the pod.
bool is_own(std::string_view line) {
  return trim(line).ends_with(own_mark) || line.starts_with(own_address);
}

}  // namespace

std::string address_for(const std::string& space, const std::string& name,
                        const std::set<std::string>& taken) {
  const auto digest = Hasher().add_field(space).add_field(name).finish();
  const unsigned first = static_cast<unsigned>(digest.bytes[0]) << 8 | digest.bytes[1];
  for (unsigned i = 0; i < most_addresses; ++i) {
    const auto number = 1 + (first + i) % most_addresses;
    auto address = fmt::format("{}{}.{}", own_address, number >> 8, number & 0xff);
    if (!taken.contains(address)) return address;
  }
  throw Error(Fault::invalid, "there are more Services than addresses for them");
}

std::vector<Backend> backends_of(const ClusterService& service, std::span<const Backend> backends) {
  std::vector<Backend> all;
  std::ranges::copy_if(backends, std::back_inserter(all),
                       [&](const Backend& one) { return service.selects(one.space, one.labels); });
  std::vector<Backend> ready;
  std::ranges::copy_if(all, std::back_inserter(ready), &Backend::ready);
  return ready.empty() ? all : ready;
}

std::string own_lines(std::string_view saved) {
  std::string own;
  std::string_view table;
  std::string_view chain;
  for (const auto line : split(saved, '\n')) {
    if (line.starts_with('*')) table = line.substr(1);
    const auto before = chain;
    if (line.starts_with("-A ")) chain = line.substr(0, line.find(' ', 3));
    if (line.find("GREENWAVE-") == line.npos) continue;
    const bool is_call = line.find(" -j GREENWAVE-") != line.npos;
    own += fmt::format("{} {}{}\n", table, line, is_call && before == chain ? late_mark : "");
  }
  return own;
}

std::string rules_for(std::span<const ClusterService> services, std::span<const Backend> backends,
                      std::string_view own) {
  std::string routes;
  for (const auto& service : services) {
    if (service.is_headless()) continue;
    const auto behind = backends_of(service, backends);
    for (const auto& port : service.ports) add_rules(service, port, behind, routes);
  }
  const bool is_needed =
      std::ranges::any_of(services, [](const ClusterService& service) { return !service.is_headless(); });
  if (!is_needed && own.empty()) return {};
  std::string refusals;
  if (is_needed) {
    // A pod answers the device, which knows whom the answer is for: pods of one network would answer each
    // other directly, and from an address that was not asked.
    routes += fmt::format("-A {} -m conntrack --ctstate DNAT --ctorigdst {} -j MASQUERADE\n", answer_chain,
                          service_range);
    refusals =
        fmt::format("-A {0} -d {1} -p tcp -j REJECT --reject-with tcp-reset\n-A {0} -d {1} -j REJECT\n",
                    service_chain, service_range);
  }
  constexpr std::array nat_chains{service_chain, answer_chain};
  constexpr std::array filter_chains{service_chain};
  return table_of("nat", own, nat_chains, routes, is_needed) +
         table_of("filter", own, filter_chains, refusals, is_needed);
}

std::vector<HostLine> host_lines(const std::string& space, std::span<const ClusterService> services,
                                 std::span<const Backend> backends) {
  std::vector<HostLine> lines;
  for (const auto& service : services) {
    const auto names = names_in(space, service.name, service.space);
    if (!service.is_headless()) {
      lines.push_back({service.address, names});
      continue;
    }
    for (const auto& backend : backends_of(service, backends)) lines.push_back({backend.address, names});
    for (const auto& backend : backends) {
      if (backend.host_name.empty() || !service.selects(backend.space, backend.labels)) continue;
      lines.push_back(
          {backend.address, names_in(space, backend.host_name + "." + service.name, service.space)});
    }
  }
  return lines;
}

std::string with_host_lines(std::string_view file, std::span<const HostLine> lines) {
  std::string text;
  for (const auto line : split(file, '\n')) {
    if (!is_own(line)) text += fmt::format("{}\n", line);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  if (text == "\n") text.clear();
  for (const auto& line : lines)
    text += fmt::format("{}\t{}\t{}\n", line.address, fmt::join(line.names, " "), own_mark);
  return text;
}

}  // namespace greenwave::drivers::podman
