#include "changes/comparer.h"

#include <chrono>

#include "base/clock.h"
#include "base/error.h"
#include "changes/survey.h"
#include "judge/judge.h"
#include "model/paths.h"
#include "render/confined/asking_tree.h"
#include "render/confined/conversation.h"
#include "sandbox/child.h"
#include "sandbox/confine.h"

namespace greenwave::hub {

namespace {

using render::confined::message;
using Answer = render::confined::Answer;

constexpr auto longest = std::chrono::minutes(1);
constexpr const char* base_name = "base";
constexpr const char* head_name = "head";

/// What of a device's agent.yaml the comparison depends on.
struct Allowing {
  std::vector<std::string> paths;
  bool privileged = false;
  bool host_network = false;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ports;
};
auto members(Allowing& allowing) {
  return std::tie(allowing.paths, allowing.privileged, allowing.host_network, allowing.ports);
}

struct Question {
  About about = About::changes;
  std::string device;
  Labels labels;
  Allowing allowing;
};
auto members(Question& question) {
  return std::tie(question.about, question.device, question.labels, question.allowing);
}

Allowing allowing_of(const config::Config& config) {
  Allowing allowing{
      config.allowed_paths, config.podman.allow_privileged, config.podman.allow_host_network, {}};
  for (const auto& range : config.podman.host_ports) allowing.ports.emplace_back(range.first, range.last);
  return allowing;
}

kinds::Rules rules_of(const Allowing& allowing) {
  config::Config config;
  config.allowed_paths = allowing.paths;
  config.podman.allow_privileged = allowing.privileged;
  config.podman.allow_host_network = allowing.host_network;
  config.podman.host_ports.clear();
  for (const auto& [first, last] : allowing.ports) config.podman.host_ports.push_back({first, last});
  return city::rules_of(config);
}

/// Both commits as one tree, each in a directory of its own.
class BothTrees : public SourceTree {
 public:
  BothTrees(const SourceTree& base, const SourceTree& head) : base_(base), head_(head) {}

  std::optional<Item> find(const std::string& path) const override {
    return of(path).find(std::string(inside(path)));
  }
  std::vector<Item> list(const std::string& path) const override {
    return of(path).list(std::string(inside(path)));
  }
  std::string read(const std::string& path, std::size_t cap) const override {
    return of(path).read(std::string(inside(path)), cap);
  }

 private:
  static std::string_view inside(std::string_view path) {
    const auto slash = path.find('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }

  const SourceTree& of(std::string_view path) const {
    if (std::chrono::steady_clock::now() > until_) throw sandbox::Gone("it takes too long");
    const auto name = path.substr(0, path.find('/'));
    if (name != base_name && name != head_name) throw sandbox::Malformed("neither of the two commits");
    return name == base_name ? base_ : head_;
  }

  const SourceTree& base_;
  const SourceTree& head_;
  Instant until_ = std::chrono::steady_clock::now() + longest;
};

/// One of them again, in the process that compares.
class OneTree : public SourceTree {
 public:
  OneTree(const SourceTree& both, std::string name) : both_(both), name_(std::move(name)) {}

  std::optional<Item> find(const std::string& path) const override {
    if (path.empty()) return Item{.name = "", .type = Type::directory, .oid = ""};
    return both_.find(join_path(name_, path));
  }
  std::vector<Item> list(const std::string& path) const override {
    return both_.list(join_path(name_, path));
  }
  std::string read(const std::string& path, std::size_t cap) const override {
    return both_.read(join_path(name_, path), cap);
  }

 private:
  const SourceTree& both_;
  std::string name_;
};

/// The bytes of what is found.
std::string found_for(const Question& asked, const SourceTree& both) {
  const OneTree head(both, head_name);
  if (asked.about == About::objects) return sandbox::to_bytes(objects_of(head, asked.labels, asked.device));
  const OneTree base(both, base_name);
  const auto rules = rules_of(asked.allowing);
  return sandbox::to_bytes(asked.device.empty()
                               ? survey(base, head, rules)
                               : survey_device(base, head, rules, asked.labels, asked.device));
}

std::string answer_to(std::string_view question, sandbox::Channel& channel) {
  try {
    const auto asked = sandbox::from_bytes<Question>(question);
    return message(Answer::text, found_for(asked, render::confined::AskingTree(channel)));
  } catch (const sandbox::Gone&) {
    throw;
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) return message(Answer::failure, std::string(error.what()));
    return message(Answer::refusal, error.message(), error.remedy());
  } catch (const std::exception& error) {
    return message(Answer::failure, std::string(error.what()));
  }
}

int serve(Fd end) {
  sandbox::Channel channel(std::move(end), render::confined::longest_for_renderer, {});
  render::confined::Greeting greeting;
  try {
    greeting.missing = sandbox::confine({.role = sandbox::Role::comparer});
  } catch (const Error& error) {
    greeting.refusal = error.what();
  }
  channel.send(sandbox::to_bytes(greeting));
  if (!greeting.refusal.empty()) return 0;
  try {
    channel.send(answer_to(channel.receive(), channel));
    channel.receive();  // until the hub has read it, and goes
  } catch (const sandbox::Gone&) {
    return 0;
  }
  return 0;
}

/// Has the question answered by a process that is gone afterwards.
template <typename Found>
Found ask(const BothTrees& trees, const Question& question, const std::atomic<bool>& stop) {
  sandbox::Child child(sandbox::Role::comparer, longest_changes, {.silence = longest, .stop = &stop});
  try {
    render::confined::Conversation conversation(child.channel());
    const auto bytes = conversation.ask(trees, sandbox::to_bytes(question));
    sandbox::Reader reader(bytes);
    const auto text = reader.view();
    reader.finish();
    auto found = sandbox::from_bytes<Found>(text);
    make_showable(found);
    return found;
  } catch (const sandbox::Gone& error) {
    throw child.lost(error);
  } catch (const sandbox::Malformed& error) {
    throw child.lost(error);
  }
}

}  // namespace

Changes compare(const SourceTree& base, const SourceTree& head, const CommitPair& pair,
                const config::Config& config, const std::atomic<bool>& stop) {
  return ask<Changes>(BothTrees(base, head), {About::changes, pair.device, pair.labels, allowing_of(config)},
                      stop);
}

DeviceObjects find_objects(const SourceTree& tree, const CommitPair& pair, const std::atomic<bool>& stop) {
  return ask<DeviceObjects>(BothTrees(tree, tree), {About::objects, pair.device, pair.labels, {}}, stop);
}

std::optional<int> run_if_comparer(int argc, char** argv) {
  if (argc != 3 || argv[1] != sandbox::confined_option) return {};
  if (argv[2] != to_string(sandbox::Role::comparer)) return {};
  return serve(Fd(sandbox::channel_descriptor));
}

}  // namespace greenwave::hub
