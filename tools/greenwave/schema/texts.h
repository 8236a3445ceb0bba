#pragma once

#include <span>
#include <string_view>

namespace greenwave::cli {

struct SchemaText {
  std::string_view file;  ///< "file.schema.json"
  std::string_view text;
};

/// The files of manifests/schema, which the build puts into the program.
std::span<const SchemaText> schema_texts();

}  // namespace greenwave::cli
