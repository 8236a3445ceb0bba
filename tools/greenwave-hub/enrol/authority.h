#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "enrol/openssl.h"

namespace greenwave::hub {

struct Issued {
  std::string certificate;  ///< PEM, the leaf and then the authority's own
  std::string serial;       ///< as nginx writes it, in lower case
  Time not_after{};
};

/// What a device asks a certificate for.
class SigningRequest {
 public:
  /// Reads a PEM request of at most 16 KiB, and checks that its sender has the key. Throws Error (invalid)
  /// for anything else, and for keys that are too weak.
  explicit SigningRequest(std::string_view pem);

  /// "SHA256:…" of the public key, as people compare it.
  const std::string& key() const { return key_; }
  EVP_PKEY* raw_key() const { return public_key_.get(); }

 private:
  PublicKey public_key_;
  std::string key_;
};

enum class Use { device, server };

/// The city's own certificate authority: an EC key (P-256) in a file of its owner alone, and its certificate.
/// It signs for exactly the name that it is told; nothing else of a request is taken over. Used by one
/// thread.
class Authority {
 public:
  /// Opens the one in `directory` (ca.crt and ca.key), or makes it for `city`. Throws Error.
  Authority(const std::filesystem::path& directory, const std::string& city, Time now);

  const std::string& certificate() const { return pem_; }

  /// Signs for `name`: a device's id, or a server's DNS name or address. A device's clock may be behind: the
  /// certificate is valid from 2020 on.
  Issued sign(const SigningRequest& request, const std::string& name, Use use, Time until) const;

 private:
  void make(const std::filesystem::path& directory, const std::string& city, Time now);

  std::string city_;
  std::string pem_;
  PrivateKey key_;
  Certificate certificate_;
};

/// A new P-256 key as PEM, and a request for it. For servers, whose keys are made where the authority is.
struct KeyAndRequest {
  std::string key;
  std::string request;
};
KeyAndRequest make_key(const std::string& name);

}  // namespace greenwave::hub
