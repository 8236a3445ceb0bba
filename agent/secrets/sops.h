#pragma once

#include <string>
#include <vector>

#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::secrets {

/// Whether a document is encrypted by SOPS: a map with SOPS' own member `sops`.
bool is_sops(const yaml::Node& document);

/// Whether a value is encrypted: "ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]".
bool is_encrypted(const yaml::Node& value);

/// Removes the member `sops`, and marks encrypted values with Place::secret without decrypting them.
void veil_sops(std::vector<yaml::Node>& documents);

/// The recipients of a SOPS document (is_sops), in normal form.
std::vector<std::string> sops_recipients(const yaml::Node& document);

/// Decrypts the documents of one file, which share a data key and a MAC over all their values, and removes
/// the member `sops`. Decrypted values get Place::secret and their original type.
///
/// Each encrypted value is recognizable by itself, so none of SOPS' rules (encrypted_regex,
/// unencrypted_suffix, …) are needed here: they only matter for encryption. The MAC covers the decrypted
/// values in order, so it fails when any value, encrypted or not, was replaced.
///
/// Throws Error (invalid) and leaves `documents` unchanged: the data key is for others (the message lists its
/// recipients), something was changed after encryption, or the file is not from SOPS 3 with age.
void open_sops(std::vector<yaml::Node>& documents, const Keyring& keys);

}  // namespace greenwave::secrets
