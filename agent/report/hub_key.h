#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::report {

// By what a device and its hub know each other: a key that stays on the device, and a certificate of the
// hub's authority for it. Keys are PEM and secret; no message contains any of one.

/// A new EC key on P-256, as PKCS #8.
std::string new_key();

/// "SHA256:…": the unpadded base64 of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). Throws Error
/// (invalid) when the key cannot be read.
std::string fingerprint_of_key(std::string_view key);

/// A PKCS #10 request, PEM, for a certificate whose common name is the device's id. Throws Error (invalid).
std::string certificate_request(std::string_view key, std::string_view device);

/// What a certificate says.
struct Certificate {
  std::string device;  ///< its common name
  Time begins{};
  Time ends{};

  /// When two thirds of its life here are over. A hub lets certificates begin long before they are made, for
  /// devices whose clock is behind: it counts from when it was `stored`.
  Time renewal(Time stored) const {
    const auto from = std::clamp(stored, begins, std::max(begins, ends));
    return from + (ends - from) * 2 / 3;
  }
};

/// The first one of a PEM text. Throws Error (invalid).
Certificate read_certificate(std::string_view pem);

/// The same, of what a hub answered. Throws Error (untrusted) unless it is for this key and this device.
Certificate check_certificate(std::string_view pem, std::string_view key, std::string_view device);

}  // namespace greenwave::report
