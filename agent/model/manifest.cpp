#include "model/manifest.h"

#include <algorithm>

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

namespace {

bool holds_secret(const yaml::Node& node) {
  if (node.place.secret) return true;
  if (const auto* items = node.sequence()) return std::ranges::any_of(*items, holds_secret);
  if (const auto* members = node.map())
    return std::ranges::any_of(*members, holds_secret, &yaml::Member::value);
  return false;
}

OnRemoval on_removal_of(const Manifest& manifest) {
  if (manifest.document.at({"metadata", "annotations"}) == nullptr) return OnRemoval::give_back;
  const auto word = manifest.annotation(annotations::on_removal);
  if (word == "keep" || manifest.annotation(annotations::prune) == "disabled") return OnRemoval::keep;
  return word == "delete" ? OnRemoval::remove : OnRemoval::give_back;
}

}  // namespace

void seal(Manifest& manifest, std::string_view digest_key) {
  manifest.sensitive = holds_secret(manifest.document) || (manifest.source && manifest.source->encrypted);
  manifest.on_removal = on_removal_of(manifest);
  Hasher hasher(digest_key);
  hasher.add_field(yaml::canonical(manifest.document));
  if (manifest.source) hasher.add_field(manifest.source->oid);
  manifest.digest = hasher.finish();
}

}  // namespace greenwave
