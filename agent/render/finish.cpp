#include "render/finish.h"

#include "render/content.h"
#include "render/metadata.h"

namespace greenwave::render {

std::optional<Manifest> manifest_of(Assembled object, const SourceTree& tree, std::string_view digest_key,
                                    Problems& problems) {
  if (object.refused) return {};
  Manifest manifest{
      .id = std::move(object.id), .document = std::move(object.document), .source = {}, .digest = {}};
  Problems found;
  check_metadata(manifest.id, manifest.document, found);
  resolve_source(manifest, tree, found);
  problems.append(found);
  if (found.has_errors()) return {};
  seal(manifest, digest_key);
  return manifest;
}

}  // namespace greenwave::render
