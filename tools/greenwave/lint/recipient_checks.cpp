#include <algorithm>
#include <set>

#include "city/recipients.h"
#include "lint/checks.h"

namespace greenwave::cli {

namespace {

using Recipients = std::vector<std::vector<std::string>>;  ///< of each device

bool can_open(const std::vector<std::string>& own, const std::set<std::string>& named) {
  return std::ranges::any_of(own, [&](const std::string& recipient) { return named.contains(recipient); });
}

void check_sealed(const render::Sealed& sealed, const std::vector<std::uint32_t>& getting,
                  const Recipients& recipients, LintFindings& findings) {
  const std::set<std::string> named(sealed.recipients->begin(), sealed.recipients->end());
  for (std::uint32_t device = 0; device < recipients.size(); ++device) {
    const bool gets_it = std::ranges::binary_search(getting, device);
    Problems found;
    if (gets_it && recipients[device].empty()) {
      found.warning(sealed.place, "devices without a recipient in the inventory get this",
                    "add what greenwave identity prints there, as the property recipient");
    } else if (gets_it && !can_open(recipients[device], named)) {
      found.error(sealed.place, "devices that get this cannot open it: it is not encrypted for them",
                  "add the output of greenwave recipients to .sops.yaml, and run sops updatekeys");
    } else if (!gets_it && can_open(recipients[device], named)) {
      found.warning(sealed.place, "devices that never get this can open it",
                    "remove their recipients from .sops.yaml, and run sops updatekeys");
    }
    findings.add("secret", found, device);
  }
}

}  // namespace

void check_recipients(const render::Fleet& fleet, const std::vector<std::vector<std::uint32_t>>& getting,
                      LintFindings& findings) {
  if (fleet.cluster().devices.empty()) return;
  Recipients recipients;
  for (std::uint32_t device = 0; device < fleet.devices().size(); ++device) {
    Problems found;
    recipients.push_back(recipients_of(fleet.devices()[device], found));
    findings.add("secret", found, device);
  }
  for (std::size_t i = 0; i < getting.size(); ++i) {
    for (const auto& file : fleet.layers()[i].read.files) {
      for (const auto& sealed : file.sealed) {
        if (sealed.recipients) check_sealed(sealed, getting[i], recipients, findings);
      }
    }
  }
}

}  // namespace greenwave::cli
