#include "model/manifest.h"

namespace greenwave {

const yaml::Node& Manifest::spec() const {
  static const yaml::Node empty{yaml::Node::Map{}, {}};
  const auto* found = document.find("spec");
  return found != nullptr ? *found : empty;
}

std::string Manifest::annotation(std::string_view key) const {
  const auto* found = document.at({"metadata", "annotations", key});
  const auto* text = found != nullptr ? found->string() : nullptr;
  return text != nullptr ? *text : std::string();
}

void seal(Manifest& manifest) {
  Hasher hasher;
  hasher.add_field(yaml::canonical(manifest.document));
  if (manifest.source) hasher.add_field(manifest.source->oid);
  manifest.digest = hasher.finish();
}

}  // namespace greenwave
