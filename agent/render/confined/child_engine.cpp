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
    return call();
  } catch (const sandbox::Gone& error) {
    throw child_.lost(error);
  } catch (const sandbox::Malformed& error) {
    throw child_.lost(error);
  }
}

ChildEngine::ChildEngine(const KeyFiles* files, sandbox::Channel::Patience patience)
    : child_(sandbox::Role::renderer, longest_from_renderer, with_silence(std::move(patience))),
      has_keys_(files != nullptr) {
  ask([&] { conversation_.emplace(child_.channel()); });
  if (!has_keys_) return;
  for (const auto& file : *files) {
    const auto opened = secrets::open_keys(file, key_problems_);
    if (!opened) continue;
    key_problems_.append(ask([&] { return conversation_->use_key(opened.get(), file.native()); }));
  }
}

Rendered ChildEngine::render(const SourceTree& tree, const Recipient& recipient) {
  return ask([&] { return conversation_->render(tree, recipient, has_keys_); });
}

Membership ChildEngine::membership(const SourceTree& tree, const Recipient& recipient) {
  return ask([&] { return conversation_->membership(tree, recipient); });
}

std::string ChildEngine::open(const std::string& path, std::string_view bytes) {
  return ask([&] { return conversation_->open(path, bytes); });
}

}  // namespace greenwave::render::confined
