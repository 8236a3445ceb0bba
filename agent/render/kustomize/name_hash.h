#pragma once

#include <string>

#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// The hash of a ConfigMap's or a Secret's content, as kustomize (and kubectl --append-hash) puts it behind
/// the name: ten characters of the SHA-256 of a JSON that holds kind, name, type and data, with the vowels
/// and the digits 0, 1 and 3 replaced so that no word comes of it. Of other kinds it is that of the whole
/// object; kustomize's covers the lines and comments of its file too.
std::string name_hash(const yaml::Node& document);

}  // namespace greenwave::render::kustomize
