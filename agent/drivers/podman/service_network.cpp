#include "drivers/podman/service_network.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/local_address.h"
#include "base/text.h"
#include "drivers/podman/service_call.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

constexpr std::size_t largest_hosts = 1 << 20;
constexpr std::size_t largest_filter = 16 << 20;
constexpr std::size_t most_of_output = 500;

constexpr const char* bridge_filter = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// Where podman has a pod's own; the device's must never be written.
constexpr std::string_view hosts_ending = "/userdata/hosts";

/// "apps/v1/StatefulSet/signals/web": the namespace, and the kind.
struct Owner {
  explicit Owner(const std::string& label) {
    const auto parts = split(label, '/');
    if (parts.size() < 4) return;
    kind = parts[parts.size() - 3];
    space = parts[parts.size() - 2].empty() ? "default" : parts[parts.size() - 2];
    name = parts.back();
  }

  std::string kind;
  std::string space;
  std::string name;
};

/// A container has another network after each start.
std::string run_of(const Container& container) {
  return fmt::format("{} {}", container.id, container.started);
}

/// Whoever waits for a name sees all lines or those before; the container's root may write here as well.
void bring_hosts(const std::filesystem::path& path, const std::vector<HostLine>& lines) {
  if (!path.native().ends_with(hosts_ending)) return;
  const Fd file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file && errno == ENOENT) return;  // the pod has gone
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(Fault::conflict, fmt::format("{} cannot be written", path.native()));
  const auto before = read_all(file.get(), largest_hosts, path.native());
  const auto after = with_host_lines(before, lines);
  if (after == before) return;
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw Error(Fault::transient, "a pod's hosts cannot be written");
  write_all(file.get(), after, path.native());
  if (::ftruncate(file.get(), static_cast<off_t>(after.size())) != 0)
    throw Error(Fault::transient, fmt::format("{} cannot be written", path.native()));
}

}  // namespace

ServiceNetwork::ServiceNetwork(Service& service, std::filesystem::path rules, Run run)
    : service_(service), rules_(std::move(rules)), run_(std::move(run)) {}

void ServiceNetwork::know(std::span<const Entry> inventory) {
  std::vector<const Entry*> entries;
  for (const auto& entry : inventory) entries.push_back(&entry);
  know(entries);
}

void ServiceNetwork::know(std::span<const Entry* const> entries) {
  std::map<ObjectId, ClusterService> known;
  for (const auto* entry : entries) {
    if (!is_service(entry->id) || entry->record.empty()) continue;
    try {
      known.emplace(entry->id, service_from(entry->id, entry->record));
    } catch (const Error&) {  // its comparison finds another record, and keeps a new one
      owes_ = true;
    }
  }
  services_ = std::move(known);
}

void ServiceNetwork::put(const ObjectId& id, ClusterService service) {
  owes_ = owes_ || service.is_headless();
  services_.insert_or_assign(id, std::move(service));
}

void ServiceNetwork::forget(const ObjectId& id) {
  if (services_.erase(id) > 0) owes_ = true;
}

std::string ServiceNetwork::address_of(const ObjectId& id) const {
  std::set<std::string> taken;
  for (const auto& [other, service] : services_) {
    if (other == id && !service.is_headless()) return service.address;
    taken.insert(service.address);
  }
  return address_for(space_of(id), id.name, taken);
}

std::vector<ClusterService> ServiceNetwork::services() const {
  std::vector<ClusterService> all;
  for (const auto& [id, service] : services_) all.push_back(service);
  return all;
}

std::vector<HostLine> ServiceNetwork::fixed_lines(const std::string& space) const {
  auto all = services();
  std::erase_if(all, [](const ClusterService& one) { return one.is_headless(); });
  return host_lines(space, all, {});
}

const PodNetwork& ServiceNetwork::network_of(const Container& container) {
  const auto key = run_of(container);
  const auto found = networks_.find(key);
  if (found != networks_.end()) return found->second;
  has_new_pods_ = true;
  return networks_.emplace(key, service_.network(container.id)).first->second;
}

std::vector<ServiceNetwork::Pod> ServiceNetwork::pods_of(const std::vector<Container>& containers,
                                                         const std::map<std::string, std::string>& unready) {
  std::set<std::string> in_turns;
  for (const auto& container : containers) {
    if (container.role != Container::Role::main) in_turns.insert(container.pod);
  }
  std::map<std::string, Pod> pods;
  std::map<std::string, PodNetwork> networks;
  for (const auto& container : containers) {
    // Podman's answer to a start comes before the container runs.
    if (container.role != Container::Role::main || container.has_ended()) continue;
    const bool waits = !container.is_running() && in_turns.contains(container.pod);
    const auto [found, is_new] = pods.try_emplace(container.pod);
    auto& [backend, hosts] = found->second;
    if (waits || unready.contains(container.id)) backend.ready = false;
    if (!is_new) continue;
    const Owner owner(container.object);
    const auto& network = network_of(container);
    networks.emplace(run_of(container), network);
    backend.space = owner.space;
    backend.labels = container.labels;
    backend.address = network.address;
    hosts = network.hosts;
    if (owner.kind == "StatefulSet")
      backend.host_name = owner.name + container.pod.substr(container.pod.rfind('-'));
  }
  networks_ = std::move(networks);
  std::vector<Pod> all;
  for (auto& [name, pod] : pods) all.push_back(std::move(pod));
  return all;
}

void ServiceNetwork::refresh(const std::vector<Container>& containers,
                             const std::map<std::string, std::string>& unready) {
  if (!has_any()) return;
  auto pods = pods_of(containers, unready);
  std::vector<Backend> backends;
  for (auto& pod : pods) {
    // One in the device's own network.
    if (pod.backend.address.empty()) {
      const auto own = local_addresses();
      const auto ipv4 = std::ranges::find_if(own, [](const auto& one) { return one.find(':') == one.npos; });
      if (ipv4 != own.end()) pod.backend.address = *ipv4;
    }
    if (!pod.backend.address.empty() && pod.backend.address.find(':') == std::string::npos)
      backends.push_back(pod.backend);
  }
  const auto all = services();
  route(all, backends);
  if (has_new_pods_ && !wanted_.empty()) {
    try {
      let_pods_reach_themselves();
      lacks_.clear();
    } catch (const Error& error) {
      lacks_ = fmt::format("pods do not reach themselves by a Service: {}", error.what());
    }
  }
  has_new_pods_ = false;
  for (const auto& pod : pods) bring_hosts(pod.hosts, host_lines(pod.backend.space, all, backends));
  owes_ = false;
}

void ServiceNetwork::route(const std::vector<ClusterService>& services,
                           const std::vector<Backend>& backends) {
  const auto wanted = rules_for(services, backends, "");
  if (wanted.empty() && wanted_.empty() && !owes_) return;
  const auto own = own_lines(output_of({"iptables-save"}));
  if (own == own_ && wanted == wanted_) return;
  const auto rules = rules_for(services, backends, own);
  if (!rules.empty()) {
    replace_file(rules_, rules, 0600);
    const auto remove = [&] {
      std::error_code gone;
      std::filesystem::remove(rules_, gone);
    };
    try {
      output_of({"iptables-restore", "--noflush", "--wait=10", rules_.native()});
    } catch (const Error&) {
      remove();
      throw;
    }
    remove();
  }
  own_ = own_lines(output_of({"iptables-save"}));
  wanted_ = wanted;
}

/// Where the kernel has bridges ask iptables, a bridge itself passes on what a Service leads to a pod, and
/// never to where it came from, unless that port is a hairpin.
void ServiceNetwork::let_pods_reach_themselves() {
  std::error_code error;
  if (!std::filesystem::exists(bridge_filter, error) || trim(read_file(bridge_filter, 16)) != "1") return;
  const auto ports = Json::parse(output_of({"bridge", "-json", "-details", "link", "show"}), nullptr, false);
  for (const auto& port : ports) {
    const auto master = text_in(port, "master");
    const auto name = text_in(port, "ifname");
    const bool is_pods = master.starts_with("podman") || master.starts_with("cni-podman");
    if (!is_pods || name.empty() || port.value("hairpin", true)) continue;
    output_of({"bridge", "link", "set", "dev", name, "hairpin", "on"});
  }
}

std::string ServiceNetwork::output_of(std::vector<std::string> argv) const {
  const auto name = argv.front();
  Command command;
  command.argv = std::move(argv);
  command.output_cap = largest_filter;
  auto result = run_(command);
  if (result.status == 0) return std::move(result.output);
  throw Error(Fault::transient, fmt::format("a Service needs {}, which ended with {}: {}", name,
                                            result.status, in_one_line(trim(result.output), most_of_output)));
}

}  // namespace greenwave::drivers::podman
