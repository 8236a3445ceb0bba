#include <functional>
#include <map>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>

#include "render/confined/codec.h"
#include "render/confined/conversation.h"
#include "render/confined/messages.h"
#include "render/confined/serve.h"
#include "render/local_engine.h"
#include "support/age_file.h"
#include "support/directory_tree.h"
#include "support/sops_file.h"
#include "support/source_directory.h"
#include "support/temporary_directory.h"
#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Matchers::Contains;
using render::confined::Answer;
using render::confined::Conversation;
using render::confined::message;
using sandbox::Channel;
using sandbox::Malformed;

namespace {

/// A renderer at the other end of a channel, on a thread of its own, that does this once it has greeted.
class Opposite {
 public:
  explicit Opposite(const std::function<void(Channel&)>& act) : Opposite(sandbox::make_ends(), act) {}

  Channel& channel() { return channel_; }

 private:
  Opposite(sandbox::Ends ends, const std::function<void(Channel&)>& act)
      : thread_([act, end = std::move(ends.theirs)]() mutable {
          Channel theirs(std::move(end), render::confined::longest_for_renderer, {});
          try {
            theirs.send(sandbox::to_bytes(render::confined::Greeting{}));
            act(theirs);
          } catch (const sandbox::Gone&) {
          }
        }),
        channel_(std::move(ends.ours), render::confined::longest_from_renderer,
                 {.silence = std::chrono::minutes(1)}) {}

  std::jthread thread_;
  Channel channel_;  ///< goes first, which ends the thread
};

const render::Recipient recipient{.device = "sf-0042"};

const Files city{{"greenwave.yaml", cluster("{layers: [{path: base}]}")},
                 {"base/a.yaml", file_named("a")},
                 {"base/b.yaml", file_named("b", "{path: /etc/b, source: files/b}")},
                 {"files/b", "b"}};

/// What is rendered when the renderer answers the question so.
render::Rendered told(const std::function<void(Channel&)>& act) {
  Opposite renderer([&act](Channel& channel) {
    channel.receive();
    act(channel);
    channel.receive();
  });
  return Conversation(renderer.channel()).render(MemoryTree(city), recipient, false);
}

render::Rendered told(const std::string& answer) {
  return told([&answer](Channel& channel) { channel.send(answer); });
}

/// A render of the city, in which this was changed.
render::Rendered told_with(const std::function<void(render::Rendered&)>& change) {
  auto made = rendered(city);
  change(made);
  return told(message(Answer::rendered, made));
}

/// As they are before anybody seals them.
std::string everything_in(const render::Rendered& rendered) {
  auto text = sandbox::to_bytes(rendered);
  for (const auto& manifest : rendered.manifests) {
    text += to_string(manifest.id);
    if (manifest.source) text += manifest.source->path + manifest.source->oid;
  }
  return text;
}

void check_same(const SourceTree& tree, const render::Recipient& device) {
  Opposite renderer(render::confined::answer);
  const auto there = Conversation(renderer.channel()).render(tree, device, false);
  CHECK((everything_in(there) == everything_in(render::LocalEngine().render(tree, device))));
}

}  // namespace

TEST_CASE("confined: what is rendered elsewhere is what is rendered here") {
  check_same(MemoryTree(city), recipient);
  const auto is_name = [](const std::string& path) { return path == "metadata:name:"; };
  const SopsFile nameless{.recipients = {secrets::new_identity()}, .chosen = is_name};
  check_same(MemoryTree(Files{{"a.yaml", nameless.of(file_named("a"))}, {"b.yaml", file_named("b")}}),
             recipient);
  const DirectoryTree san_francisco(source_directory() / "manifests/san-francisco");
  for (const auto* device : {"sf-0001", "sf-0042", "sf-0211", "sf-0485"}) {
    check_same(san_francisco,
               {.device = device, .labels = {}, .facts = {{"arch", "arm64"}, {"os", "debian"}}});
  }
}

TEST_CASE("confined: what is wrong with the files is said as here, and the renderer goes on") {
  Opposite renderer(render::confined::answer);
  Conversation conversation(renderer.channel());
  const MemoryTree wrong(Files{{"greenwave.yaml", "kind: 3"}});
  CHECK_THROWS_WITH(conversation.render(wrong, recipient, false), Contains("greenwave.yaml:1:7"));
  const MemoryTree fleet(Files{{"greenwave.yaml", cluster("{devices: all.geojson}")},
                               {"all.geojson", R"({"type": "FeatureCollection", "features": []})"}});
  CHECK_THROWS_AS(conversation.render(fleet, recipient, false), render::NotListed);
  CHECK_THROWS_AS(conversation.membership(fleet, recipient), render::NotListed);
  CHECK(conversation.render(MemoryTree(city), recipient, false).manifests.size() == 2);
  CHECK(conversation.membership(MemoryTree(city), recipient).cluster.name == "city");
}

TEST_CASE("confined: the renderer alone reads the keys") {
  const TemporaryDirectory directory;
  const auto ours = secrets::new_identity();
  const auto file = directory.write("identity", secrets::to_text(ours) + "\n");
  const auto other = directory.write("other", "no identity\n");
  Opposite renderer(render::confined::answer);
  Conversation conversation(renderer.channel());
  const auto use = [&](const std::filesystem::path& path) {
    return conversation.use_key(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)).get(), path.native());
  };
  CHECK(use(file).empty());
  CHECK_THAT(problems(use(other)).front(), Contains("this identity cannot be used"));

  const auto secret = SopsFile{
      .recipients = {ours}, .chosen = [](const std::string& path) {
        return path == "spec:content:";
      }}.of(file_named("a", "{path: /etc/a, content: hunter2}"));
  const MemoryTree tree(Files{{"a.yaml", secret}});
  CHECK(spec(conversation.render(tree, recipient, true), "a")["content"] == "hunter2");
  CHECK(conversation.render(tree, recipient, false).veiled);

  const auto sealed = AgeFile().add(ours).holding("hunter3");
  CHECK(conversation.open("files/key.age", sealed) == "hunter3");
  CHECK_THROWS_WITH(conversation.open("files/key.age", "hunter3"), Contains("not encrypted by age"));
}

TEST_CASE("confined: what the agent's own tree throws is thrown, and not asked about") {
  class Broken : public MemoryTree {
   public:
    using MemoryTree::MemoryTree;
    std::string read(const std::string&, std::size_t) const override {
      throw Error(Fault::damaged, "the store is damaged");
    }
  };
  Opposite renderer(render::confined::answer);
  try {
    Conversation(renderer.channel()).render(Broken(city), recipient, false);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::damaged);
  }
}

TEST_CASE("confined: a render as it should be is taken") {
  CHECK(told_with([](auto&) {}).manifests.size() == 2);
}

TEST_CASE("confined: a render that cannot be one is refused, whatever is wrong with it") {
  using Change = std::function<void(render::Rendered&)>;
  const std::map<std::string, Change> lies{
      {"twice the same object", [](auto& made) { made.manifests.push_back(made.manifests[1]); }},
      {"objects out of order", [](auto& made) { std::swap(made.manifests[0], made.manifests[1]); }},
      {"an object that is refused too", [](auto& made) { made.refused.push_back(made.manifests[0].id); }},
      {"a refusal that nothing explains",
       [](auto& made) {
         made.refused = {{"v1", "Pod", "", "x"}};
       }},
      {"gaps that nothing explains", [](auto& made) { made.complete = false; }},
      {"another device", [](auto& made) { made.device.id = "sf-0043"; }},
      {"a layer elsewhere", [](auto& made) { made.layers = {"../base"}; }},
      {"no document",
       [](auto& made) {
         made.manifests[0].document = {"text", {}};
       }},
      {"no name", [](auto& made) { yaml::set(made.manifests[0].document, "metadata", {}); }},
      {"a name with a NUL",
       [](auto& made) {
         yaml::set(*made.manifests[0].document.find("metadata"), "name", {std::string("a\0b", 3), {}});
       }},
      {"a name without end",
       [](auto& made) {
         yaml::set(*made.manifests[0].document.find("metadata"), "name", {std::string(254, 'a'), {}});
       }},
      {"a source elsewhere",
       [](auto& made) {
         yaml::set(*made.manifests[1].document.find("spec"), "source", {std::string("../../etc/shadow"), {}});
       }},
      {"a source that there is not",
       [](auto& made) {
         yaml::set(*made.manifests[1].document.find("spec"), "source", {std::string("files/x"), {}});
       }},
      {"a source of another type",
       [](auto& made) {
         yaml::set(*made.manifests[1].document.find("spec"), "source", {std::string("files"), {}});
       }},
      {"a wave that follows no ref",
       [](auto& made) {
         yaml::set(*made.cluster.document.find("spec"), "waves",
                   {yaml::Node::Sequence{{std::string("x"), {}}}, {}});
       }},
  };
  for (const auto& [lie, change] : lies) {
    INFO(lie);
    CHECK_THROWS_AS(told_with(change), Malformed);
  }
}

TEST_CASE("confined: an answer that is none is refused") {
  CHECK_THROWS_AS(told(""), Malformed);
  CHECK_THROWS_AS(told(std::string(1, '\x7f')), Malformed);
  CHECK_THROWS_AS(told(message(Answer::rendered)), Malformed);
  CHECK_THROWS_AS(told(message(Answer::rendered, std::string(1 << 20, '\xff'))), Malformed);
  CHECK_THROWS_AS(told(message(Answer::rendered, rendered(city), true)), Malformed);
  CHECK_THROWS_AS(
      told(message(Answer::membership, render::membership(MemoryTree(city), {"sf-0042", {}, {}}))),
      Malformed);
  CHECK_THROWS_AS(told(message(Answer::text, std::string("out of order"))), Malformed);
  CHECK_THROWS_AS(told(message(Answer::problems, Problems())), Malformed);
}

TEST_CASE("confined: a message longer than is allowed is not even read") {
  CHECK_THROWS_AS(told([](Channel& channel) {
                    const std::uint32_t size = 0xffff'ffff;
                    CHECK(::write(channel.raw(), &size, sizeof size) == sizeof size);
                  }),
                  Malformed);
}

TEST_CASE("confined: nothing but the commit's files can be asked for") {
  const std::size_t cap = 100;
  for (const auto& path :
       {std::string("../x"), std::string("/etc/shadow"), std::string("files//b"), std::string("files/./b"),
        std::string("files/b/"), std::string("a\0b", 3), std::string(1 << 20, 'a')}) {
    INFO(path.substr(0, 20));
    CHECK_THROWS_AS(told(message(Answer::read, path, cap)), Malformed);
    CHECK_THROWS_AS(told(message(Answer::list, path)), Malformed);
  }
  std::string deep = "a";
  for (int i = 0; i < 1000; ++i) deep += "/a";
  CHECK_THROWS_AS(told(message(Answer::list, deep)), Malformed);
  // Where nothing may be asked for, not even those.
  Opposite renderer([&](Channel& channel) {
    channel.receive();
    channel.send(message(Answer::read, std::string("files/b"), cap));
    channel.receive();
  });
  CHECK_THROWS_AS(Conversation(renderer.channel()).open("files/b", "b"), Malformed);
}

TEST_CASE("confined: a renderer cannot make the agent distrust its own store, or more than a commit") {
  CHECK_THROWS_AS(told(message(Answer::failure, std::string("damaged"))), sandbox::Gone);
  try {
    told(message(Answer::refusal, std::string("one\x1b[2Jtwo"), std::string("three")));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK(error.message().find('\x1b') == std::string::npos);
  }
}

TEST_CASE("confined: problems are shown in one line each, and nothing of a secret place") {
  const auto shown = told_with([](auto& made) {
    made.problems.error({nullptr, 1, 1}, "one\nforged: line\x1b[2J", "x\ry");
    made.problems.error({nullptr, 1, 1, true}, "hunter2");
  });
  for (const auto& problem : problems(shown)) {
    CHECK(problem.find_first_of("\n\r\x1b") == std::string::npos);
    CHECK(problem.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("confined: a renderer that ends, or cannot be confined, is gone") {
  CHECK_THROWS_AS(told([](Channel& channel) { ::shutdown(channel.raw(), SHUT_RDWR); }), sandbox::Gone);
  auto ends = sandbox::make_ends();
  Channel theirs(std::move(ends.theirs), 100, {});
  theirs.send(sandbox::to_bytes(render::confined::Greeting{.refusal = "no seccomp", .missing = {}}));
  Channel ours(std::move(ends.ours), 100, {});
  CHECK_THROWS_WITH(Conversation(ours), Contains("no seccomp"));
}

TEST_CASE("confined: any answer with some bytes changed is refused, or taken as another one") {
  const auto answer = message(Answer::rendered, rendered(city));
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    auto changed = answer;
    changed[random() % changed.size()] = static_cast<char>(random());
    try {
      told(changed);
    } catch (const Error& error) {
      CHECK((error.fault() == Fault::transient || error.fault() == Fault::invalid));
    }
  }
}
