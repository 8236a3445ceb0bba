#pragma once

#include <string>

#include "model/source_tree.h"
#include "render/recipient.h"
#include "render/render.h"

namespace greenwave::render::confined {

/// What a renderer that was taken over might answer is checked here: the objects are sound, in order and each
/// one once, and their sources are in `tree`, which this finds by itself. Texts are made printable. Throws
/// sandbox::Malformed.
void check(Rendered& rendered, const SourceTree& tree, const Recipient& recipient);
void check(Membership& membership, const Recipient& recipient);
void check(Problems& problems);

/// A path that may be asked for: of names with single slashes between them, none of them "." or "..".
void check_path(const std::string& path);

}  // namespace greenwave::render::confined
