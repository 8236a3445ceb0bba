#pragma once

#include "render/confined/conversation.h"
#include "render/engine.h"
#include "sandbox/child.h"

namespace greenwave::render::confined {

/// Renders in a process that can do nothing else, which ends with this. It alone reads the device's keys.
/// When it ends before that, does not answer, or answers what cannot be, an Error (transient) says so.
class ChildEngine : public Engine {
 public:
  /// `files` is null for a render without keys. Throws Error (transient).
  ChildEngine(const KeyFiles* files, sandbox::Channel::Patience patience);

  Rendered render(const SourceTree& tree, const Recipient& recipient) override;
  Membership membership(const SourceTree& tree, const Recipient& recipient) override;
  std::string open(const std::string& path, std::string_view bytes) override;
  Problems key_problems() override { return key_problems_; }

  /// Of its confinement, in words.
  const std::vector<std::string>& missing() const { return conversation_->missing(); }

 private:
  template <typename Call>
  auto ask(Call call);

  sandbox::Child child_;
  std::optional<Conversation> conversation_;
  bool has_keys_;
  Problems key_problems_;
};

}  // namespace greenwave::render::confined
