#include "drivers/podman/crash_watch.h"

#include <algorithm>

namespace greenwave::drivers::podman {

namespace {

constexpr std::int64_t young = 10;
constexpr std::int64_t first_pause = 30;
constexpr std::int64_t longest_pause = 300;

}  // namespace

void CrashWatch::look(const std::vector<Container>& containers, std::int64_t now) {
  struct Life {
    std::int64_t started = 0;
    bool runs = false;
  };
  std::map<std::string, Life> youngest;
  for (const auto& container : containers) {
    if (container.role != Container::Role::main) continue;
    auto& life = youngest[container.pod];
    life.started = std::max(life.started, container.started);
    life.runs = life.runs || container.is_running();
  }
  std::erase_if(pods_, [&](const auto& known) { return !youngest.contains(known.first); });
  for (const auto& [name, life] : youngest) {
    const auto& [started, runs] = life;
    if (started == 0) continue;  // it has not run yet
    if (now - started >= young) {
      if (runs) pods_.erase(name);
      continue;
    }
    auto& pod = pods_[name];
    pod.loops = pod.started != 0 && pod.started != started;
    pod.started = started;
  }
}

void CrashWatch::excuse(const std::string& pod) {
  const auto found = pods_.find(pod);
  if (found == pods_.end()) return;
  found->second.started = 0;
  found->second.loops = false;
}

bool CrashWatch::loops(const std::string& pod) const {
  const auto found = pods_.find(pod);
  return found != pods_.end() && found->second.loops;
}

void CrashWatch::hold(const std::string& name, std::int64_t now) {
  auto& pod = pods_[name];
  excuse(name);
  pod.pause = pod.pause == 0 ? first_pause : std::min(2 * pod.pause, longest_pause);
  pod.until = now + pod.pause;
}

bool CrashWatch::is_held(const std::string& pod, std::int64_t now) const {
  const auto found = pods_.find(pod);
  return found != pods_.end() && now < found->second.until;
}

std::int64_t CrashWatch::pause(const std::string& pod) const {
  const auto found = pods_.find(pod);
  return found == pods_.end() ? 0 : found->second.pause;
}

}  // namespace greenwave::drivers::podman
