#pragma once

#include <filesystem>
#include <string>

namespace greenwave::cli {

/// What systemd calls the sealed key of the hub.
inline constexpr const char* sealed_key_name = "hub-key";

/// Seals a key by systemd-creds(1): to the TPM where the machine has one, else by the machine's own key. No
/// plaintext touches the disk. Throws Error.
void seal_key(const std::filesystem::path& file, const std::string& key);
/// Unseals it again, on this machine alone. Throws Error, which never shows the key.
std::string unseal_key(const std::filesystem::path& file);

}  // namespace greenwave::cli
