#include "drivers/kubernetes/owner.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "drivers/kubernetes/answer.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t repository_digits = 8;
constexpr std::size_t device_digits = 32;

}  // namespace

Owner owner_of(const std::string& device, const config::Repository& repository) {
  const auto followed = to_hex(sha256(repository.url + "\n" + repository.path)).substr(0, repository_digits);
  const auto name =
      fmt::format("{}-{}", label_value(device, longest_label - repository_digits - 1), followed);
  return {fmt::format("{}{}", owner_prefix, name), fmt::format("{}{}", manager_prefix, name),
          label_value(device)};
}

std::string label_value(const std::string& device, std::size_t most) {
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  const bool good = !device.empty() && device.size() <= most && alphanumeric(device.front()) &&
                    alphanumeric(device.back()) && std::ranges::all_of(device, allowed);
  return good ? device : to_hex(sha256(device)).substr(0, device_digits);
}

bool is_agent(std::string_view manager) {
  return manager == former_manager || manager.starts_with(manager_prefix);
}

Other other_owner(const nlohmann::json& object, const Owner& owner) {
  auto other = Other::none;
  for (const auto& [key, value] : at(object, {"metadata", "labels"}).items()) {
    if (key.starts_with(owner_prefix) && key != owner.label) return Other::labelled;
    if (key == former_label && value.is_string() && value != owner.device) other = Other::named;
  }
  return other;
}

}  // namespace greenwave::drivers::kubernetes
