// A whole repository: the input is its files, each begun by a line "=== PATH".

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "render/render.h"
#include "support/memory_tree.h"

using namespace greenwave;

namespace {

std::map<std::string, std::string> files_in(std::string_view input) {
  constexpr std::string_view mark = "=== ";
  std::map<std::string, std::string> files;
  while (files.size() < 32) {
    const auto at = input.find(mark);
    if (at == std::string_view::npos) break;
    input.remove_prefix(at + mark.size());
    const auto line_end = std::min(input.find('\n'), input.size());
    const auto path = input.substr(0, line_end);
    input.remove_prefix(std::min(line_end + 1, input.size()));
    // git has no other paths than these.
    const bool valid = !path.empty() && !path.starts_with('/') && !path.ends_with('/') &&
                       path.find("//") == std::string_view::npos && path.find('\0') == std::string_view::npos;
    if (valid) files.emplace(path, input.substr(0, input.find(mark)));
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const test::MemoryTree tree(files_in({reinterpret_cast<const char*>(bytes), size}));
  try {
    const auto rendered = render::render(tree, {"sf-0042", {{"model", "atc"}}, {{"arch", "arm64"}}});
    for (const auto& manifest : rendered.manifests) {
      if (manifest.digest.is_zero() || manifest.id.name.empty()) std::abort();
    }
    const auto in_order = [](const auto& list, auto less) {
      return std::adjacent_find(list.begin(), list.end(),
                                [less](const auto& a, const auto& b) { return !less(a, b); }) == list.end();
    };
    if (!in_order(rendered.manifests, [](const auto& a, const auto& b) { return a.id < b.id; })) std::abort();
    if (!in_order(rendered.refused, [](const auto& a, const auto& b) { return a < b; })) std::abort();
    if (!rendered.complete && !rendered.problems.has_errors()) std::abort();
    if (!rendered.refused.empty() && !rendered.problems.has_errors()) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
