#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/inventory.h"
#include "model/object_id.h"

namespace greenwave::state {

/// Compact bytes for what the database keeps in one column: numbers are little-endian, texts come after
/// their length. The readers throw Error (damaged) for bytes that no writer here made.
std::string encode(const std::vector<std::string>& texts);
std::vector<std::string> decode_texts(std::string_view bytes);

std::string encode(const ObjectId& id);
ObjectId decode_id(std::string_view bytes);

std::string encode(const std::vector<FileSignature>& files);
std::vector<FileSignature> decode_files(std::string_view bytes);

/// 32 bytes, or none for a zero digest.
std::string_view encode(const Digest& digest);
Digest decode_digest(std::string_view bytes);

}  // namespace greenwave::state
