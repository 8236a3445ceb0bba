#include "render/object/opened.h"

#include <algorithm>
#include <map>
#include <string>

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

/// Marks a document, the items of a List, and what is encrypted in it: what a patch or a kustomization takes
/// from it is marked as well.
void mark(yaml::Node& node) {
  node.place.unopened = true;
  if (auto* items = node.sequence()) std::ranges::for_each(*items, mark);
  if (auto* members = node.map()) {
    for (auto& member : *members) mark(member.value);
  }
}

void open_together(std::vector<yaml::Node>& documents, std::string_view text, const secrets::Keyring* keys,
                   ReadFile& file) {
  const auto place = documents.front().find("sops")->place;
  file.sealed.push_back({place, secrets::sops_recipients(documents.front())});
  try {
    if (keys != nullptr) {
      secrets::open_sops(documents, text, *keys);
      return;
    }
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    file.problems.error(place, error.message(), error.remedy());
    file.unopened = true;
    std::ranges::for_each(documents, mark);
  }
  secrets::veil_sops(documents);
  if (std::ranges::none_of(documents, hides_its_name)) return;
  file.complete = false;
  file.problems.warning(place, "names are encrypted too: only the devices can tell what this declares",
                        "encrypt only values: sops encrypt --encrypted-regex '^(content|json|yaml)$'");
}

const yaml::Node* stray_ciphertext(const yaml::Node& node) {
  for (const auto& item : items_in(&node)) {
    if (const auto* found = stray_ciphertext(item)) return found;
  }
  if (const auto* members = node.map()) {
    for (const auto& member : *members) {
      if (const auto* found = stray_ciphertext(member.value)) return found;
    }
  }
  return !node.place.secret && secrets::is_encrypted(node) ? &node : nullptr;
}

}  // namespace

void open_documents(std::vector<yaml::Node>& documents, std::string_view text, const secrets::Keyring* keys,
                    ReadFile& file) {
  if (text.find("ENC[AES256_GCM,") == text.npos && std::ranges::none_of(documents, secrets::is_sops)) return;
  std::map<std::string, std::vector<std::size_t>> together;
  std::vector<std::string> order;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (!secrets::is_sops(documents[i])) {
      refuse_stray_ciphertext(documents[i], file);
      continue;
    }
    auto& group = together[secrets::sops_seal(documents[i])];
    if (group.empty()) order.push_back(secrets::sops_seal(documents[i]));
    group.push_back(i);
  }
  for (const auto& seal : order) {
    std::vector<yaml::Node> group;
    for (const auto i : together[seal]) group.push_back(std::move(documents[i]));
    open_together(group, text, keys, file);
    for (std::size_t i = 0; i < group.size(); ++i) documents[together[seal][i]] = std::move(group[i]);
  }
  std::erase_if(documents, hides_its_name);
}

void refuse_stray_ciphertext(yaml::Node& document, ReadFile& file) {
  const auto* stray = stray_ciphertext(document);
  if (stray == nullptr) return;
  file.problems.error(stray->place,
                      "this value is encrypted by SOPS, and the document lacks what SOPS needs to open it",
                      "encrypt the document itself with sops: encrypted values cannot be moved or copied");
  file.unopened = true;
  mark(document);
}

bool holds_unopened(const yaml::Node& node) {
  if (node.place.unopened || std::ranges::any_of(items_in(&node), holds_unopened)) return true;
  const auto* members = node.map();
  return members != nullptr && std::ranges::any_of(*members, [](const yaml::Member& member) {
           return holds_unopened(member.value);
         });
}

}  // namespace greenwave::render
