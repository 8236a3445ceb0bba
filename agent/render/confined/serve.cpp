#include "render/confined/serve.h"

#include <exception>

#include "base/error.h"
#include "base/memory.h"
#include "render/confined/asking_tree.h"
#include "render/confined/codec.h"
#include "render/confined/messages.h"
#include "render/local_engine.h"
#include "sandbox/confine.h"
#include "secrets/encrypted_file.h"
#include "secrets/keyring.h"

namespace greenwave::render::confined {

namespace {

using sandbox::Reader;

class Answering {
 public:
  explicit Answering(sandbox::Channel& channel) : channel_(channel) {}

  std::string to(std::string_view question) {
    try {
      Reader reader(question);
      return to(reader.one<Ask>(), reader);
    } catch (const sandbox::Gone&) {
      throw;
    } catch (const NotListed& error) {
      return message(Answer::not_listed, error.message(), error.remedy());
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) return message(Answer::failure, std::string(error.what()));
      return message(Answer::refusal, error.message(), error.remedy());
    } catch (const std::exception& error) {
      return message(Answer::failure, std::string(error.what()));
    }
  }

 private:
  std::string to(Ask asked, Reader& reader) {
    const AskingTree tree(channel_);
    switch (asked) {
      case Ask::use_key:
        return message(Answer::problems, use_key(reader.one<std::string>()));
      case Ask::render: {
        const auto recipient = reader.one<Recipient>();
        const bool has_keys = reader.one<bool>();
        return message(Answer::rendered,
                       render::render(tree, identity_of(recipient, has_keys ? &keys_ : nullptr)));
      }
      case Ask::membership:
        return message(Answer::membership, render::membership(tree, identity_of(reader.one<Recipient>())));
      case Ask::open: {
        const auto path = reader.one<std::string>();
        return message(Answer::text, secrets::open_file(path, reader.view(), keys_));
      }
      case Ask::items:
      case Ask::text:
      case Ask::refusal:
        break;
    }
    throw sandbox::Malformed("not a question");
  }

  Problems use_key(const std::string& name) {
    guard_memory();  // the agent does too, and says what cannot be done
    Problems problems;
    const auto opened = channel_.take_descriptor();
    for (auto& key : secrets::read_keys(opened.get(), name, problems)) keys_.push_back(std::move(key));
    return problems;
  }

  sandbox::Channel& channel_;
  secrets::Keyring keys_;
};

}  // namespace

void answer(sandbox::Channel& channel) {
  Answering answering(channel);
  try {
    for (;;) channel.send(answering.to(channel.receive()));
  } catch (const sandbox::Gone&) {
    return;
  }
}

int serve(Fd end) {
  sandbox::Channel channel(std::move(end), longest_for_renderer, {});
  Greeting greeting;
  try {
    greeting.missing = sandbox::confine({.role = sandbox::Role::renderer});
  } catch (const Error& error) {
    greeting.refusal = error.what();
  }
  channel.send(sandbox::to_bytes(greeting));
  if (greeting.refusal.empty()) answer(channel);
  return 0;
}

}  // namespace greenwave::render::confined
