#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"
#include "render/confined/messages.h"
#include "render/recipient.h"
#include "render/render.h"
#include "sandbox/channel.h"

namespace greenwave::render::confined {

/// The agent's side of the channel to a renderer, which it does not trust. Throws what render() throws for
/// what people wrote, what `tree` throws, and for a renderer that is gone or does not answer as it should
/// sandbox::Gone or sandbox::Malformed: then there is nothing more to ask it.
class Conversation {
 public:
  /// Waits for the renderer's greeting. The channel outlives this.
  explicit Conversation(sandbox::Channel& channel);

  /// Of the confinement, in words.
  const std::vector<std::string>& missing() const { return missing_; }

  /// `file` is open, and has a device's identities. Returns what is wrong with them.
  Problems use_key(int file, const std::string& name);
  Rendered render(const SourceTree& tree, const Recipient& recipient, bool has_keys);
  Membership membership(const SourceTree& tree, const Recipient& recipient);
  std::string open(const std::string& path, std::string_view bytes);
  /// A question of another program's own, which its answer() knows. Returns the bytes of its Answer::text.
  std::string ask(const SourceTree& tree, std::string_view question);

 private:
  /// The bytes of the answer, after the word `expected`. `tree` is null where no file may be asked for.
  std::string answer(Answer expected, const SourceTree* tree);

  sandbox::Channel& channel_;
  std::vector<std::string> missing_;
};

}  // namespace greenwave::render::confined
