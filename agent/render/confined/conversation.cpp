#include "render/confined/conversation.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/text.h"
#include "render/confined/checks.h"
#include "render/confined/codec.h"
#include "render/inventory.h"

namespace greenwave::render::confined {

namespace {

using sandbox::Malformed;
using sandbox::Reader;

constexpr std::size_t most_questions = 2'000'000;
constexpr auto longest = std::chrono::minutes(30);

constexpr std::size_t most_shown = 64 << 10;

/// A text that people are shown.
std::string shown(Reader& reader) {
  return printable_lines(reader.view().substr(0, most_shown));
}

/// The two texts of an Error (invalid).
template <typename Thrown>
[[noreturn]] void refuse(Reader& reader) {
  auto why = shown(reader);
  throw Thrown(Fault::invalid, std::move(why), shown(reader));
}

std::string listed(const SourceTree& tree, Reader& reader) {
  const auto path = reader.one<std::string>();
  check_path(path);
  return message(Ask::items, tree.list(path));
}

std::string file_of(const SourceTree& tree, Reader& reader) {
  const auto path = reader.one<std::string>();
  const auto cap = std::min(reader.one<std::size_t>(), most_inventory_bytes);
  check_path(path);
  try {
    return message(Ask::text, tree.read(path, cap));
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    return message(Ask::refusal, error.message(), error.remedy());
  }
}

template <typename Value>
Value decoded(std::string_view bytes) {
  return sandbox::from_bytes<Value>(bytes, most_from_renderer);
}

}  // namespace

Conversation::Conversation(sandbox::Channel& channel) : channel_(channel) {
  auto greeting = sandbox::from_bytes<Greeting>(channel_.receive());
  if (!greeting.refusal.empty()) throw sandbox::Gone(in_one_line(greeting.refusal, most_shown));
  for (const auto& what : greeting.missing) missing_.push_back(in_one_line(what, most_shown));
}

Problems Conversation::use_key(int file, const std::string& name) {
  channel_.send(message(Ask::use_key, name), file);
  auto problems = decoded<Problems>(answer(Answer::problems, nullptr));
  check(problems);
  return problems;
}

Rendered Conversation::render(const SourceTree& tree, const Recipient& recipient, bool has_keys) {
  channel_.send(message(Ask::render, recipient, has_keys));
  auto rendered = decoded<Rendered>(answer(Answer::rendered, &tree));
  check(rendered, tree, recipient);
  return rendered;
}

Membership Conversation::membership(const SourceTree& tree, const Recipient& recipient) {
  channel_.send(message(Ask::membership, recipient));
  auto found = decoded<Membership>(answer(Answer::membership, &tree));
  check(found, recipient);
  return found;
}

std::string Conversation::open(const std::string& path, std::string_view bytes) {
  channel_.send(message(Ask::open, path, bytes));
  return decoded<std::string>(answer(Answer::text, nullptr));
}

std::string Conversation::ask(const SourceTree& tree, std::string_view question) {
  channel_.send(question);
  return answer(Answer::text, &tree);
}

std::string Conversation::answer(Answer expected, const SourceTree* tree) {
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t asked = 0; asked < most_questions; ++asked) {
    auto bytes = channel_.receive();
    if (std::chrono::steady_clock::now() - began > longest) throw sandbox::Gone("it takes too long");
    Reader reader(bytes);
    const auto word = reader.one<Answer>();
    if (word == expected) return bytes.erase(0, sizeof word);
    switch (word) {
      case Answer::list:
        if (tree == nullptr) break;
        channel_.send(listed(*tree, reader));
        continue;
      case Answer::read:
        if (tree == nullptr) break;
        channel_.send(file_of(*tree, reader));
        continue;
      case Answer::refusal:
        refuse<Error>(reader);
      case Answer::not_listed:
        refuse<NotListed>(reader);
      case Answer::failure:
        throw sandbox::Gone(in_one_line(reader.view(), most_shown));
      default:
        break;
    }
    throw Malformed("not what was asked for");
  }
  throw Malformed("too many questions");
}

}  // namespace greenwave::render::confined
