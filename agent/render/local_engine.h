#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "render/engine.h"
#include "secrets/identity.h"

namespace greenwave::render {

/// What a render for `recipient` works with; null: without keys.
Identity identity_of(const Recipient& recipient, const secrets::Keyring* keys = nullptr);

/// Renders in this process.
class LocalEngine : public Engine {
 public:
  /// Null: without keys, so that what is encrypted stays so.
  explicit LocalEngine(const KeyFiles* files = nullptr);

  Rendered render(const SourceTree& tree, const Recipient& recipient) override;
  Membership membership(const SourceTree& tree, const Recipient& recipient) override;
  std::string open(const std::string& path, std::string_view bytes) override;
  Problems key_problems() override { return key_problems_; }

 private:
  std::optional<secrets::Keyring> keys_;
  Problems key_problems_;
};

}  // namespace greenwave::render
