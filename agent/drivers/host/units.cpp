#include "drivers/host/units.h"

#include "drivers/host/unit_enablement.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::host {

std::string Units::primary(const UnitSpec& spec, const UnitRecord& known) {
  if (spec.defines_unit()) return spec.name;
  if (runs_systemd && !systemd::is_template(spec.name)) {
    const auto& state = jobs.states().of(spec.name);
    if (state.load != "not-found") return state.id;
  }
  auto name = Enablement(host).primary(spec.name);
  // An alias disappears when its unit is disabled, but still belongs to the same object.
  const bool is_lost = name == spec.name && known.declared() == spec.name && !known.unit.empty();
  return is_lost ? known.unit : name;
}

}  // namespace greenwave::drivers::host
