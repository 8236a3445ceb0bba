#pragma once

#include "render/confined/conversation.h"
#include "render/engine.h"
#include "sandbox/child.h"
#include "sandbox/unconfined.h"

namespace greenwave::render::confined {

/// Renders in a process that can do nothing else, which ends with this. It alone reads the device's keys.
/// When it ends before that, does not answer, or answers what cannot be, an Error (transient) says so.
class ChildEngine : public Engine {
 public:
  /// Starts it, and waits for it with the first question. `files` is null for a render without keys. It is
  /// noted what its confinement lacks. Both outlive this. Throws Error (transient).
  ChildEngine(const KeyFiles* files, sandbox::Channel::Patience patience, sandbox::Unconfined& unconfined);

  Rendered render(const SourceTree& tree, const Recipient& recipient) override;
  Membership membership(const SourceTree& tree, const Recipient& recipient) override;
  std::string open(const std::string& path, std::string_view bytes) override;
  Problems key_problems() override;

 private:
  /// Of the conversation, which begins with the first.
  template <typename Call>
  auto ask(Call call);
  Conversation& conversation();

  const KeyFiles* files_;
  sandbox::Unconfined& unconfined_;
  sandbox::Child child_;
  std::optional<Conversation> conversation_;
  Problems key_problems_;
};

}  // namespace greenwave::render::confined
