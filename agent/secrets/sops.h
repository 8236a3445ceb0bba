#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::secrets {

/// Whether the bytes of a file, in any of its formats, look as if SOPS had written them: text with an
/// encrypted value, and SOPS' own data where the format has it.
bool looks_like_sops(std::string_view bytes);

/// Whether a document is encrypted by SOPS: a map with SOPS' own member `sops`.
bool is_sops(const yaml::Node& document);

/// Whether a value is encrypted: "ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]".
bool is_encrypted(const yaml::Node& value);

/// Removes the member `sops`, and marks encrypted values with Place::secret without decrypting them.
void veil_sops(std::span<yaml::Node> documents);

/// The same text for the documents that were encrypted together, and share a data key and a MAC.
std::string sops_seal(const yaml::Node& document);

/// The recipients of a SOPS document (is_sops), in normal form.
std::vector<std::string> sops_recipients(const yaml::Node& document);

/// Decrypts the documents that were encrypted together, and removes the member `sops`. Decrypted values get
/// Place::secret and their original type. `text` is what load_all() read them from: the MAC covers values as
/// SOPS read them, which is not always how we do.
///
/// Each encrypted value is recognizable by itself, so none of SOPS' rules (encrypted_regex,
/// unencrypted_suffix, …) are needed here: they only matter for encryption. The MAC covers the decrypted
/// values in order, so it fails when any value, encrypted or not, was replaced.
///
/// Throws Error (invalid) and leaves `documents` unchanged: the data key is for others (the message lists its
/// recipients), something was changed after encryption, or the file is not from SOPS 3 with age.
void open_sops(std::vector<yaml::Node>& documents, std::string_view text, const Keyring& keys);

}  // namespace greenwave::secrets
