#pragma once

#include <optional>
#include <string>
#include <vector>

namespace greenwave::secrets {

/// The secret that the shares are of, by Shamir's scheme as SOPS and Vault use it: over GF(2^8) with AES'
/// polynomial, a byte at a time, and each share's x as its last byte. Nothing if they are no shares of one
/// secret. Too few shares make another secret.
std::optional<std::string> combine_shares(const std::vector<std::string>& shares);

}  // namespace greenwave::secrets
