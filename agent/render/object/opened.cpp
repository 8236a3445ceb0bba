#include "render/opened.h"

#include <algorithm>

#include "base/error.h"
#include "secrets/sops.h"

namespace greenwave::render {

namespace {

/// Whether one of the values that name what a document, or an item of a list, declares is encrypted.
bool hides_its_name(const yaml::Node& document) {
  if (std::ranges::any_of(items_in(document.find("items")), hides_its_name)) return true;
  const yaml::Node* naming[] = {document.find("apiVersion"), document.find("kind"),
                                document.at({"metadata", "name"}), document.at({"metadata", "namespace"})};
  return std::ranges::any_of(
      naming, [](const yaml::Node* node) { return node != nullptr && secrets::is_encrypted(*node); });
}

}  // namespace

void open_documents(std::vector<yaml::Node>& documents, const secrets::Keyring* keys, ReadFile& file) {
  const auto encrypted = std::ranges::find_if(documents, secrets::is_sops);
  if (encrypted == documents.end()) return;
  const auto place = encrypted->find("sops")->place;
  file.recipients = secrets::sops_recipients(*encrypted);
  file.encrypted = place;
  try {
    if (keys != nullptr) return secrets::open_sops(documents, *keys);
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    file.problems.error(place, error.message(), error.remedy());
    file.unopened = true;
  }
  secrets::veil_sops(documents);
  if (std::erase_if(documents, hides_its_name) == 0) return;
  file.complete = false;
  file.problems.warning(place, "names are encrypted too: only the devices can tell what this declares",
                        "encrypt only values: sops encrypt --encrypted-regex '^(content|json|yaml)$'");
}

}  // namespace greenwave::render
