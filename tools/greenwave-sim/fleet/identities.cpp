#include "fleet/identities.h"

#include <openssl/pem.h>

#include "base/bio.h"

namespace greenwave::sim {

namespace {

/// Longer than any run.
constexpr auto life = std::chrono::hours(24 * 90);

}  // namespace

IssuedIdentity issue_identity(const hub::Authority& authority, const std::string& device, Time until) {
  const auto made = hub::make_key(device);
  const auto issued = authority.sign(hub::SigningRequest(made.request), device, hub::Use::device, until);
  return {
      hub::Certificate(PEM_read_bio_X509(memory_bio(issued.certificate).get(), nullptr, nullptr, nullptr)),
      hub::PrivateKey(PEM_read_bio_PrivateKey(memory_bio(made.key).get(), nullptr, nullptr, nullptr))};
}

Identities::Identities(const CityAddress& city) {
  if (!city.hub) return;
  const auto now = SystemClock().now();
  const hub::Authority authority(city.hub->authority, city.name, now);
  for (std::size_t i = 0; i < city.devices; ++i) {
    issued_.push_back(issue_identity(authority, device_id(city.name, i), now + life));
  }
}

std::optional<ClientIdentity> Identities::of(std::size_t number) const {
  if (issued_.empty()) return {};
  return ClientIdentity{.certificate = issued_[number].certificate.get(), .key = issued_[number].key.get()};
}

}  // namespace greenwave::sim
