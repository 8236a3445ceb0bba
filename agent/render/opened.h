#pragma once

#include <vector>

#include "render/declared.h"
#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::render {

/// Opens what SOPS encrypted of a file's documents. When that fails, file.problems say why, and `unopened` is
/// set. With null for `keys` nothing is opened, and that is no failure: this is no device.
///
/// Where nothing was opened, documents that do not even say what they declare are taken out, and the file is
/// not complete.
void open_documents(std::vector<yaml::Node>& documents, const secrets::Keyring* keys, ReadFile& file);

}  // namespace greenwave::render
