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

/// Takes the member `sops` away as well, and marks what is encrypted with Place::secret without opening it.
void veil_sops(std::vector<yaml::Node>& documents);

/// The recipients of a document that is_sops, in normal form.
std::vector<std::string> sops_recipients(const yaml::Node& document);

/// Opens the documents of one file, which share a data key and a MAC over all their values, and takes the
/// member `sops` away. What was encrypted gets Place::secret, and comes with the type that it had.
///
/// Which values are encrypted is what they say themselves, so none of SOPS' rules (encrypted_regex,
/// unencrypted_suffix, …) need be read: they matter to whoever encrypts, and the MAC, which is over the
/// opened values in their order, fails wherever one was exchanged for another, opened or not.
///
/// Throws Error (invalid) without changing `documents`: its data key is for others (the message names the
/// recipients that it is for), something was changed after it was encrypted, or it is not by SOPS 3 with age.
void open_sops(std::vector<yaml::Node>& documents, const Keyring& keys);

}  // namespace greenwave::secrets
