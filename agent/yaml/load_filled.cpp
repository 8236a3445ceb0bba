#include "yaml/load_filled.h"

#include <memory>

#include <fmt/format.h>

namespace greenwave::yaml {

std::optional<Node> load_filled(std::string_view text, const std::string& file, const Filled& filled,
                                Problems& problems, const Limits& limits) {
  Problems found;
  auto document = load(text, file, found, limits);
  if (!document && !found.has_errors()) {
    found.error({std::make_shared<const std::string>(file), 1, 1}, fmt::format("{} is empty", filled.what),
                filled.remedy);
  }
  problems.append(found);
  return document;
}

}  // namespace greenwave::yaml
