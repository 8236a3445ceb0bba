#include "render/confined/checks.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/paths.h"
#include "render/content.h"
#include "render/metadata.h"
#include "sandbox/wire.h"

namespace greenwave::render::confined {

namespace {

using sandbox::Malformed;

constexpr std::size_t longest_path = 64 << 10;
constexpr std::size_t deepest_path = 256;
constexpr std::size_t longest_text = 16 << 10;
constexpr std::size_t most_problems = 100'000;

void require(bool is_so, const char* otherwise) {
  if (!is_so) throw Malformed(otherwise);
}

bool is_printable(const std::string& text) {
  return text.size() <= longest_text && printable(text) == text;
}

void check(const Device& device, const Recipient& recipient) {
  require(device.id == recipient.device, "another device");
  require(device.properties.is_map(), "a device whose properties are no map");
  require(std::isfinite(device.position.longitude) && std::isfinite(device.position.latitude),
          "a device that is nowhere");
}

void check(const ObjectId& id) {
  const bool is_sound = is_printable(id.api_version) && is_printable(id.kind) &&
                        is_printable(id.namespace_) && is_printable(id.name);
  require(is_sound, "an object with a name that there is not");
}

void complete(Manifest& manifest, const SourceTree& tree) {
  Problems found;
  check_metadata(manifest.id, manifest.document, found);
  resolve_source(manifest, tree, found);
  require(!found.has_errors(), "an object that is refused");
}

template <typename Range, typename Compare, typename Projection = std::identity>
bool is_ordered(const Range& range, Compare compare, Projection projection = {}) {
  return std::ranges::adjacent_find(range, std::not_fn(compare), projection) == range.end();
}

}  // namespace

void check(Problems& problems) {
  require(problems.size() <= most_problems, "too many problems");
  Problems shown;
  for (const auto& [severity, place, message, remedy] : problems.list()) {
    require(!place.file || place.file->size() <= longest_path, "a problem of a file that there is not");
    auto text = in_one_line(message, longest_text);
    auto help = in_one_line(remedy, longest_text);
    severity == Severity::error ? shown.error(place, std::move(text), std::move(help))
                                : shown.warning(place, std::move(text), std::move(help));
  }
  problems = std::move(shown);
}

void check(Membership& membership, const Recipient& recipient) {
  check(membership.device, recipient);
  check(membership.problems);
}

void check(Rendered& rendered, const SourceTree& tree, const Recipient& recipient) {
  check(rendered.device, recipient);
  check(rendered.problems);
  require(is_ordered(rendered.manifests, std::less(), &Manifest::id), "objects out of order");
  require(is_ordered(rendered.refused, std::less()), "refused objects out of order");
  std::ranges::for_each(rendered.refused, [](const ObjectId& id) { check(id); });
  for (auto& manifest : rendered.manifests) {
    require(!std::ranges::binary_search(rendered.refused, manifest.id), "an object that is refused");
    complete(manifest, tree);
  }
  require((rendered.complete && rendered.refused.empty()) || !rendered.problems.empty(),
          "something is refused, and nothing says why");
  for (const auto& path : rendered.layers)
    require(normal_path(path) == path, "a layer with a path that there is not");
}

void check_path(const std::string& path) {
  if (path.empty()) return;
  require(path.size() <= longest_path && path.find('\0') == path.npos, "a path that there is not");
  const auto names = split(path, '/');
  require(names.size() <= deepest_path, "a path that there is not");
  for (const auto name : names) {
    require(!name.empty() && name != "." && name != "..", "a path that leads elsewhere");
  }
}

}  // namespace greenwave::render::confined
