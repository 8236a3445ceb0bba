#include "city/recipients.h"

#include "secrets/identity.h"

namespace greenwave::cli {

std::vector<std::string> recipients_of(const Device& device, Problems& problems) {
  std::vector<std::string> recipients;
  const auto add = [&](const yaml::Node& item) {
    auto normal =
        item.string() != nullptr ? secrets::normal_recipient(*item.string()) : std::optional<std::string>();
    if (normal) {
      recipients.push_back(std::move(*normal));
    } else {
      problems.error(item.place, "this is not an age recipient",
                     "use what greenwave identity prints on the device");
    }
  };
  const auto* property = device.properties.find("recipient");
  if (property == nullptr || property->is_null()) return recipients;
  if (const auto* items = property->sequence()) {
    for (const auto& item : *items) add(item);
  } else {
    add(*property);
  }
  return recipients;
}

}  // namespace greenwave::cli
