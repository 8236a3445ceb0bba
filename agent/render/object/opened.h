#pragma once

#include <string_view>
#include <vector>

#include "render/object/declared.h"
#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::render {

/// Decrypts the SOPS values in the documents that load_all() read from `text`. Those that were encrypted
/// together are opened together; where that fails, file.problems say why, `unopened` is set, and the
/// documents are marked with Place::unopened, while the others stay what they are. With null `keys` nothing
/// is decrypted, which is not a failure: this is not a device.
///
/// Removes documents that are not decrypted and whose identity is encrypted, and marks the file as
/// incomplete.
void open_documents(std::vector<yaml::Node>& documents, std::string_view text, const secrets::Keyring* keys,
                    ReadFile& file);

/// Refuses what is encrypted and came into a document by itself, without SOPS' own data.
void refuse_stray_ciphertext(yaml::Node& document, ReadFile& file);

/// Whether a part of it is marked with Place::unopened.
bool holds_unopened(const yaml::Node& node);

}  // namespace greenwave::render
