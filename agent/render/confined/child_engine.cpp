#include "render/confined/child_engine.h"

#include "secrets/keyring.h"

namespace greenwave::render::confined {

namespace {

/// It answers, or asks for a file, at least so often.
constexpr Duration longest_silence = std::chrono::minutes(1);

sandbox::Channel::Patience with_silence(sandbox::Channel::Patience patience) {
  patience.silence = longest_silence;
  return patience;
}

}  // namespace

template <typename Call>
auto ChildEngine::ask(Call call) {
  try {
    return call(conversation());
  } catch (const sandbox::Gone& error) {
    throw child_.lost(error);
  } catch (const sandbox::Malformed& error) {
    throw child_.lost(error);
  }
}

ChildEngine::ChildEngine(const KeyFiles* files, sandbox::Channel::Patience patience,
                         sandbox::Unconfined& unconfined)
    : files_(files),
      unconfined_(unconfined),
      child_(sandbox::Role::renderer, longest_from_renderer, with_silence(std::move(patience))) {}

Conversation& ChildEngine::conversation() {
  if (conversation_) return *conversation_;
  conversation_.emplace(child_.channel());
  unconfined_.note(conversation_->missing());
  if (files_ == nullptr) return *conversation_;
  for (const auto& file : *files_) {
    const auto opened = secrets::open_keys(file, key_problems_);
    if (opened) key_problems_.append(conversation_->use_key(opened.get(), file.native()));
  }
  return *conversation_;
}

Rendered ChildEngine::render(const SourceTree& tree, const Recipient& recipient) {
  return ask([&](Conversation& renderer) { return renderer.render(tree, recipient, files_ != nullptr); });
}

Membership ChildEngine::membership(const SourceTree& tree, const Recipient& recipient) {
  return ask([&](Conversation& renderer) { return renderer.membership(tree, recipient); });
}

std::string ChildEngine::open(const std::string& path, std::string_view bytes) {
  return ask([&](Conversation& renderer) { return renderer.open(path, bytes); });
}

Problems ChildEngine::key_problems() {
  ask([](Conversation&) { return true; });
  return key_problems_;
}

}  // namespace greenwave::render::confined
