#include "fleet/identities.h"

#include <openssl/pem.h>

namespace greenwave::sim {

namespace {

/// Longer than any run.
constexpr auto life = std::chrono::hours(24 * 90);

hub::Bio reader_of(const std::string& pem) {
  return hub::Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

}  // namespace

Identities::Identities(const CityAddress& city) {
  if (!city.hub) return;
  const auto now = SystemClock().now();
  const hub::Authority authority(city.hub->authority, city.name, now);
  for (std::size_t i = 0; i < city.devices; ++i) {
    const auto id = device_id(city.name, i);
    const auto made = hub::make_key(id);
    const auto issued = authority.sign(hub::SigningRequest(made.request), id, hub::Use::device, now + life);
    pairs_.push_back(
        {hub::Certificate(PEM_read_bio_X509(reader_of(issued.certificate).get(), nullptr, nullptr, nullptr)),
         hub::PrivateKey(PEM_read_bio_PrivateKey(reader_of(made.key).get(), nullptr, nullptr, nullptr))});
  }
}

std::optional<ClientIdentity> Identities::of(std::size_t number) const {
  if (pairs_.empty()) return {};
  return ClientIdentity{.certificate = pairs_[number].certificate.get(), .key = pairs_[number].key.get()};
}

}  // namespace greenwave::sim
