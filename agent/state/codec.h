#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/entry.h"
#include "model/object_id.h"

namespace greenwave::state {

/// Compact encodings for columns of the database: numbers are little-endian, texts follow their length. The
/// decoders throw Error (damaged) for bytes that no encoder here produced.
std::string encode(const std::vector<std::string>& texts);
std::vector<std::string> decode_texts(std::string_view bytes);

std::string encode(const ObjectId& id);
ObjectId decode_id(std::string_view bytes);

std::string encode(const std::vector<FileSignature>& files);
std::vector<FileSignature> decode_files(std::string_view bytes);

/// 32 bytes, or no bytes for a zero digest.
std::string_view encode(const Digest& digest);
Digest decode_digest(std::string_view bytes);

}  // namespace greenwave::state
