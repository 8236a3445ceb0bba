#include "drivers/allowed_kinds.h"

#include <fmt/format.h>

#include "base/contains.h"

namespace greenwave::drivers {

plan::Footprint AllowedKinds::footprint(const Manifest& manifest, Problems& problems) const {
  const auto& id = manifest.id;
  if (contains(allowed_, id.kind)) return kinds_.footprint(manifest, problems);
  problems.error(
      manifest.place(),
      fmt::format("{}: this device takes no {}, only {}", to_string(id), id.kind, fmt::join(allowed_, ", ")),
      fmt::format("leave it out of this device's layers, or add {} to allowedKinds in its agent.yaml",
                  id.kind));
  return {};
}

}  // namespace greenwave::drivers
