#pragma once

#include <vector>

#include "render/object/declared.h"
#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::render {

/// Decrypts the SOPS values in a file's documents. On failure, file.problems say why, and `unopened` is set.
/// With null `keys` nothing is decrypted, which is not a failure: this is not a device.
///
/// If nothing was decrypted, removes documents whose identity is encrypted, and marks the file as
/// incomplete.
void open_documents(std::vector<yaml::Node>& documents, const secrets::Keyring* keys, ReadFile& file);

}  // namespace greenwave::render
