#include "render/local_engine.h"

#include "secrets/encrypted_file.h"
#include "secrets/keyring.h"

namespace greenwave::render {

Identity identity_of(const Recipient& recipient, const secrets::Keyring* keys) {
  Identity identity{.device = recipient.device,
                    .labels = recipient.labels,
                    .facts = recipient.facts,
                    .namespace_from_directory = recipient.namespace_from_directory};
  if (keys != nullptr) identity.keys = *keys;
  return identity;
}

LocalEngine::LocalEngine(const KeyFiles* files) {
  if (files != nullptr) keys_ = secrets::read_keyring(*files, key_problems_);
}

Rendered LocalEngine::render(const SourceTree& tree, const Recipient& recipient) {
  return render::render(tree, identity_of(recipient, keys_ ? &*keys_ : nullptr));
}

Membership LocalEngine::membership(const SourceTree& tree, const Recipient& recipient) {
  return render::membership(tree, identity_of(recipient));
}

std::string LocalEngine::open(const std::string& path, std::string_view bytes) {
  return secrets::open_file(path, bytes, keys_ ? *keys_ : secrets::Keyring());
}

}  // namespace greenwave::render
