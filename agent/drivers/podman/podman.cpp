#include "drivers/podman/podman.h"

#include <chrono>

#include "drivers/podman/podman_driver.h"

namespace greenwave::drivers::podman {

Podman::Podman(const config::Config& config, std::string key, Pulls& pulls_of_device, ServiceNetwork::Run run,
               const std::atomic<bool>& stop, std::function<void()> while_waiting,
               std::function<void(std::string_view)> tell)
    : live(PodmanDriver::is_live(config)),
      root(config.root.native()),
      rules(workload::rules_of(config, with_real_places(own_paths(config, ""), config.root))),
      settings(config.podman),
      settle(std::chrono::duration_cast<std::chrono::seconds>(config.health.settle).count()),
      digest_key(std::move(key)),
      service(settings.socket, stop, while_waiting),
      pulls(pulls_of_device),
      images(service, pulls, settings.images, settings.credentials),
      stops(settings.socket, pulls.patience(), stop, while_waiting),
      starts(rules, settings.socket, stops, stop, std::move(while_waiting)),
      jobs(rules, settings.socket, stops, starts),
      prober(rules, settings.socket, std::move(tell)),
      network(service, config.state_directory / "services.rules", std::move(run)) {}

bool Podman::leaves_out() {
  has_left_out = has_left_out || !live;
  return !live;
}

void Podman::refresh_network() {
  if (live && network.has_any()) network.refresh(containers(), prober.board()->unready());
}

std::vector<Container> Podman::containers() {
  auto found = service.containers();
  prober.watch(found);
  for (const auto& pod : prober.take_restarted()) crashes.excuse(pod);
  for (auto& container : found) {
    if (prober.board()->restarts(container.id)) container.state = "running";
  }
  return found;
}

}  // namespace greenwave::drivers::podman
