#pragma once

#include <optional>
#include <string>
#include <vector>

#include "enrol/authority.h"
#include "fleet/scenario.h"
#include "wire/connection.h"

namespace greenwave::sim {

/// A device's own.
struct IssuedIdentity {
  hub::Certificate certificate;
  hub::PrivateKey key;
};

/// A new key, and the certificate that a city's authority signs for it. Throws Error.
IssuedIdentity issue_identity(const hub::Authority& authority, const std::string& device, Time until);

/// A key and certificate for each device of a city, made by the city's own authority, as enrolment makes
/// them. Any thread, one at a time.
class Identities {
 public:
  /// Makes none for a city without a hub. Throws Error.
  explicit Identities(const CityAddress& city);

  /// Valid as long as this; nothing: the city has no hub.
  std::optional<ClientIdentity> of(std::size_t number) const;

 private:
  std::vector<IssuedIdentity> issued_;
};

}  // namespace greenwave::sim
