#include "base/completion.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "base/contains.h"

using namespace greenwave;

namespace {

using Words = std::vector<std::string>;

CommandShape sample() {
  const OptionShape format{{"-o", "--output"}, "How", "FORMAT", {"text", "json"}};
  const OptionShape config{{"--config"}, "Which", "FILE", {}};
  const OptionShape other{{"-o", "--output"}, "How", "FORMAT", {"sarif"}};
  const OptionShape label{{"--label"}, "A label", "KEY=VALUE", {}, true};
  const OptionShape device{{"--device"}, "An id", "ID", {}};
  const OptionShape wait{{"--wait"}, "And watch", "", {}};
  const OptionShape directory{{}, "Where", "DIR", {}};
  const CommandShape lint{"lint", "Find what is wrong", {other, label, device, directory}, {}};
  const CommandShape approve{"approve", "Let one in", {{{}, "Which", "ID", {}}}, {}};
  const CommandShape fleet{"fleet", "Ask the hub", {}, {approve}};
  return {"greenwave", "", {config, format}, {{"sync", "Now", {wait}, {}}, lint, fleet}};
}

Words texts(const Offer& offer) {
  Words all;
  for (const auto& one : offer.candidates) all.push_back(one.text);
  return all;
}

Words offered(const Words& words) {
  static const auto shape = sample();
  const LookUps look_ups{
      {"ID",
       [](const Begun&) {
         return Words{"sf-0042", "sf-0043"};
       }},
      {"KEY=VALUE", [](const Begun&) -> Words { throw std::runtime_error("no inventory"); }}};
  return texts(complete(shape, words, look_ups));
}

/// Commands with options and commands, all with names of their own.
class RandomShape {
 public:
  explicit RandomShape(unsigned seed) : random_(seed) {}

  CommandShape make(int depth) {
    CommandShape shape{.name = word(), .about = "", .options = {}, .commands = {}};
    for (auto left = number(4); left > 0; --left) {
      OptionShape option{{"--" + word()}, "help", "", {}};
      if (number(1) == 1) option.value = number(1) == 1 ? "FILE" : "WORD";
      if (option.value == "WORD") option.values = {word(), word()};
      option.repeats = number(3) == 0;
      shape.options.push_back(std::move(option));
    }
    for (auto left = depth > 0 ? number(3) : 0; left > 0; --left) shape.commands.push_back(make(depth - 1));
    return shape;
  }

  int number(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  std::string word() { return std::string(1, static_cast<char>('a' + number(25))) + std::to_string(++made_); }

 private:
  std::mt19937 random_;
  int made_ = 0;
};

struct Reached {
  Words words;
  std::vector<OptionShape> options;  ///< of the command and all above it
  bool has_commands = false;
};

void collect(const CommandShape& shape, Reached at, std::vector<Reached>& all) {
  at.options.insert(at.options.end(), shape.options.begin(), shape.options.end());
  at.has_commands = !shape.commands.empty();
  all.push_back(at);
  for (const auto& command : shape.commands) {
    auto next = at;
    next.words.push_back(command.name);
    collect(command, std::move(next), all);
  }
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("completion: commands, options, values and arguments, each where it may stand") {
  CHECK(offered({"s"}) == Words{"sync"});
  CHECK(offered({"fleet", ""}) == Words{"approve"});
  CHECK(offered({"fleet", "approve", "sf-0042", ""}) == Words{"--config", "--output"});
  CHECK(offered({"fleet", "approve", ""}) == Words{"sf-0042", "sf-0043"});
  CHECK(offered({"lint", "--device", "sf-"}) == Words{"sf-0042", "sf-0043"});
  CHECK(offered({"lint", "--device=sf-0043"}) == Words{"--device=sf-0043"});
  CHECK(offered({"-o", "j"}) == Words{"json"});
  CHECK(offered({"-oj"}) == Words{"-ojson"});
  CHECK(offered({"sync", "--", "-"}).empty());
}

TEST_CASE("completion: an option of a command takes the place of its program's") {
  CHECK(offered({"lint", "-o", ""}) == Words{"sarif"});
  CHECK(offered({"sync", "-o", ""}) == Words{"text", "json"});
}

TEST_CASE(
    "completion: paths are the shell's, unless something is looked up; a look-up that fails offers nothing") {
  const auto paths = [](const Words& words) { return complete(sample(), words, {}).paths; };
  CHECK(paths({"lint", ""}) == Offer::Paths::directories);
  CHECK(paths({"--config", ""}) == Offer::Paths::files);
  CHECK(paths({"--config=ag"}) == Offer::Paths::files);
  CHECK(paths({"lint", "--device", ""}) == Offer::Paths::none);
  CHECK(offered({"lint", "--label", ""}).empty());
}

TEST_CASE("completion: what has other bytes than a line may have is left out") {
  const Offer offer{Offer::Paths::none, {{"good", "a\nb"}, {"two\nlines", ""}, {"\x1b[2J", ""}, {"", ""}}};
  CHECK(completion_lines(offer) == "none\ngood\ta\n");
}

TEST_CASE(
    "completion: of any program, every option of a command and of those above it is offered, till it is "
    "given") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto shape = RandomShape(seed).make(2);
    std::vector<Reached> all;
    collect(shape, {}, all);
    for (const auto& at : all) {
      const auto here = texts(complete(shape, with(at.words, {"--"}), {}));
      CHECK(here.size() == at.options.size());
      for (const auto& option : at.options) {
        const auto& name = option.names.front();
        CHECK(contains(here, name));
        CHECK(texts(complete(shape, with(at.words, {name.substr(0, 3)}), {})).size() >= 1);
        const auto given = with(at.words, option.value.empty() ? Words{name, "--"} : Words{name, "x", "--"});
        CHECK(contains(texts(complete(shape, given, {})), name) == option.repeats);
        if (!option.values.empty()) {
          CHECK(texts(complete(shape, with(at.words, {name, ""}), {})) == option.values);
          CHECK(texts(complete(shape, with(at.words, {name + "="}), {})) ==
                Words{name + "=" + option.values[0], name + "=" + option.values[1]});
        }
      }
    }
  }
}

TEST_CASE("completion: whatever the words are, what is offered begins with the last one") {
  RandomShape random(1);
  const auto shape = sample();
  const Words pieces{"",       "-",   "--",       "=",   "--output=", "-o",  "lint",    "sync", "--device",
                     "fleet",  "j",   "--config", "--=", "-oj",       "sf-", "approve", "\n",   "-x",
                     "--nope", "---", "--label",  "a=b", "-oo",       "'",   "--wait"};
  for (int round = 0; round < 5000; ++round) {
    Words words;
    for (auto left = random.number(5); left >= 0; --left) {
      words.push_back(pieces[static_cast<std::size_t>(random.number(static_cast<int>(pieces.size()) - 1))]);
    }
    for (const auto& text : offered(words)) CHECK(text.starts_with(words.back()));
  }
}

TEST_CASE("completion: a script for each shell names its program, and another shell is refused") {
  for (const auto& shell : completion_shells()) {
    const auto script = completion_script(shell, "greenwave-hub");
    CHECK(script.find("greenwave-hub") != std::string::npos);
    CHECK(script.find("@program@") == std::string::npos);
  }
  CHECK_THROWS(completion_script("tcsh", "greenwave"));
}
