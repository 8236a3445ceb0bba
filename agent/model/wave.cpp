#include "model/wave.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"

namespace greenwave {

namespace {

bool has(const Wave& wave, const Cluster& cluster, const Device& device) {
  if (wave.selector) return selects(*wave.selector, device.labels);
  // Rounding could move the very last position to 1; 100 percent must include every device.
  return *wave.percent >= 100 || wave_position(cluster.wave_salt, device.id) * 100 < *wave.percent;
}

}  // namespace

double wave_position(std::string_view salt, std::string_view device) {
  const auto digest = Hasher().add("greenwave-wave\n").add(salt).add("\n").add(device).finish();
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest.bytes[i];
  return std::ldexp(static_cast<double>(number), -64);
}

const Wave* wave_of(const Cluster& cluster, const Device& device) {
  for (const auto& wave : cluster.waves) {
    if (has(wave, cluster, device)) return &wave;
  }
  return nullptr;
}

std::vector<const Wave*> overlapping_waves(const Cluster& cluster, const Device& device) {
  std::vector<const Wave*> others;
  const auto* own = wave_of(cluster, device);
  if (own == nullptr || !own->selector) return others;
  for (const auto& wave : cluster.waves) {
    if (&wave > own && wave.selector && selects(*wave.selector, device.labels)) others.push_back(&wave);
  }
  return others;
}

void check_overlaps(const Cluster& cluster, const std::vector<Device>& devices, Problems& problems) {
  struct Shared {
    const Wave* first;
    std::string device;
    std::size_t count = 0;
  };
  std::map<const Wave*, Shared> found;  // by the later wave: one line per pair is enough
  for (const auto& device : devices) {
    for (const auto* other : overlapping_waves(cluster, device)) {
      ++found.try_emplace(other, Shared{wave_of(cluster, device), device.id}).first->second.count;
    }
  }
  for (const auto& [wave, shared] : found) {
    const auto more = shared.count > 1 ? fmt::format(" and {} more", shared.count - 1) : "";
    problems.error(
        wave->place,
        fmt::format("the waves {} and {} overlap: both selectors match {}{}", printable(shared.first->name),
                    printable(wave->name), printable(shared.device), more),
        "make each device's labels match one wave only");
  }
}

}  // namespace greenwave
