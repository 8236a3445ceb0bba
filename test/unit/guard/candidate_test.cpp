#include "guard/candidate.h"

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "drivers/host/file_spec.h"
#include "guard/own_check.h"
#include "model/manifest.h"
#include "support/memory_tree.h"
#include "support/objects.h"
#include "support/temporary_directory.h"
#include "yaml/load.h"

using namespace greenwave;
using namespace greenwave::guard;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

Manifest file_manifest(const std::string& name, const std::string& spec) {
  Problems problems;
  Manifest manifest;
  manifest.id = test::id("File/" + name);
  manifest.document = *yaml::load("spec: " + spec + "\n", name, problems);
  manifest.source = Source{.path = name, .oid = {}};
  seal(manifest, "");
  return manifest;
}

/// A place for the agent's program, and its configuration beside it.
class ProgramPlace {
 public:
  ProgramPlace() { directory_.write("agent.yaml", "now"); }

  std::string why_not(std::string_view program, std::optional<std::string> configuration = {}) {
    return candidates.why_not({this->program(), program}, coming(std::move(configuration)), {});
  }
  std::string program() const { return directory_ / "greenwaved"; }
  std::string configuration() const { return directory_ / "agent.yaml"; }
  ConfigurationToCome coming(std::optional<std::string> text) const {
    return {.path = configuration(), .text = std::move(text)};
  }

  /// What a script notes with: echo >> NOTES.
  std::string notes() const { return directory_ / "notes"; }
  std::string noted() const { return fs::exists(notes()) ? read_file(notes(), 4096) : ""; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory_.path()), {}));
  }

  /// What is refused of a commit with these Files: {path, content, mode}.
  std::string refused(const std::vector<std::array<std::string, 3>>& files) {
    std::vector<plan::Desired> desired;
    std::map<std::string, std::string> sources;
    for (const auto& [path, content, mode] : files) {
      const auto name = fs::path(path).filename().native();
      auto manifest =
          file_manifest(name, fmt::format("{{path: {}, source: {}, mode: \"{}\"}}", path, name, mode));
      sources[name] = content;
      desired.emplace_back().manifest = std::move(manifest);
      desired.back().footprint.claims = {"path:" + path};
    }
    config::Config config;
    config.file = configuration();
    config.root = "/";
    const OwnFiles own(config, program());
    Problems problems;
    const test::MemoryTree tree(sources);
    refuse_unusable(desired,
                    {.config = config,
                     .files = own,
                     .failed = {},
                     .tree = tree,
                     .candidates = candidates,
                     .heartbeat = {}},
                    problems);
    std::string text;
    for (const auto& problem : problems.list()) text += problem.message + "\n";
    return text;
  }

  Candidates candidates{std::chrono::seconds(60)};

 private:
  test::TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("candidate: a program that says yes may be the agent's, and leaves no file behind") {
  ProgramPlace place;
  CHECK(place.why_not("#!/bin/sh\n[ \"$*\" = \"--check-config --config " + place.configuration() + "\" ]\n")
            .empty());
  CHECK(place.files() == 1);
}

TEST_CASE("candidate: one that says no is refused with its own words") {
  ProgramPlace place;
  const auto why = place.why_not("#!/bin/sh\necho \"error: no field labels\" >&2\nexit 2\n");
  CHECK_THAT(why, Contains("--check-config"));
  CHECK_THAT(why, Contains("it ended with 2: error: no field labels"));
}

TEST_CASE("candidate: one that cannot run here is refused") {
  ProgramPlace place;
  const auto real = read_file("/proc/self/exe", std::size_t(1) << 30);
  SECTION("of another architecture") {
    auto other = real.substr(0, 4096);
    other[18] = '\xf3';  // e_machine of ELF: RISC-V
    other[19] = '\0';
    CHECK_THAT(place.why_not(other), Contains(place.program() + ": Exec format error"));
  }
  SECTION("cut short") {
    CHECK_FALSE(place.why_not(real.substr(0, real.size() / 3)).empty());
  }
  SECTION("no program at all") {
    CHECK_THAT(place.why_not("hello\n"), Contains("Exec format error"));
  }
  SECTION("for an interpreter that is not there") {
    CHECK_THAT(place.why_not("#!/no/such/sh\n"), Contains("No such file or directory"));
  }
  SECTION("ended by a signal") {
    CHECK_THAT(place.why_not("#!/bin/sh\nkill -ILL $$\n"), Contains("signal: Illegal instruction"));
  }
  CHECK(place.files() == 1);
}

TEST_CASE("candidate: one that hangs is ended in time, with what it has started") {
  ProgramPlace place;
  place.candidates = Candidates(std::chrono::milliseconds(300));
  const auto why = place.why_not(fmt::format("#!/bin/sh\nsleep 1000 & echo $! > {}\nwait\n", place.notes()));
  CHECK_THAT(why, Contains("has not answered --check-config"));
  const auto child = place.noted();
  REQUIRE_FALSE(child.empty());
  const auto process = fs::path("/proc") / child.substr(0, child.size() - 1) / "cmdline";
  std::error_code none;
  CHECK((!fs::exists(process, none) || read_file(process, 4096).empty()));  // gone, or not reaped yet
}

TEST_CASE("candidate: its memory is bounded") {
  ProgramPlace place;
  CHECK(place.why_not("#!/bin/sh\nuntil [ \"$(ulimit -v)\" = 1048576 ]; do sleep 0.01; done\n").empty());
}

TEST_CASE("candidate: it is tried with the configuration that comes with it") {
  ProgramPlace place;
  const std::string program = "#!/bin/sh\nfor last; do :; done\necho \"$last: $(cat \"$last\")\"; exit 1\n";
  CHECK_THAT(place.why_not(program), Contains(place.configuration() + ": now"));
  CHECK_THAT(place.why_not(program, "then"), Contains(place.configuration() + ": then"));
  auto secret = place.coming("a secret");
  secret.is_secret = true;
  CHECK_THAT(place.candidates.why_not({place.program(), program}, secret, {}), !Contains("a secret"));
  CHECK(place.files() == 1);
}

TEST_CASE("candidate: what it said is remembered, until people insist") {
  ProgramPlace place;
  const auto program = fmt::format("#!/bin/sh\necho tried >> {}\nexit 1\n", place.notes());
  const auto why = place.why_not(program);
  CHECK_FALSE(why.empty());
  CHECK(place.why_not(program) == why);
  CHECK(place.noted() == "tried\n");
  CHECK(place.why_not(program, "another") == why);
  CHECK(place.noted() == "tried\ntried\n");
  place.candidates.forget();
  CHECK(place.why_not(program) == why);
  CHECK(place.noted() == "tried\ntried\ntried\n");
}

TEST_CASE("candidate: a program that is there already is not tried") {
  ProgramPlace place;
  const std::string program = "#!/bin/sh\nexit 1\n";
  replace_file(place.program(), program);
  CHECK(place.why_not(program).empty());
}

TEST_CASE("candidate: of a commit, the program alone is refused, and tried with what will be there") {
  ProgramPlace place;
  const std::string shows = "#!/bin/sh\nfor last; do :; done\necho \"$last: $(cat \"$last\")\"; exit 1\n";
  const std::string good = "device: x\nrepository: {url: \"file:///srv/city.git\"}\n";
  const auto with = [&](const std::string& configuration) {
    return place.refused({{place.program(), shows, "0755"}, {place.configuration(), configuration, "0644"}});
  };
  CHECK_THAT(with(good), Contains("File/greenwaved: " + place.program() + " is not written: ") &&
                             Contains(place.configuration() + ": device: x") && !Contains("File/agent.yaml"));
  CHECK_THAT(with("devcie: x\n"), Contains("File/agent.yaml") && Contains(place.configuration() + ": now"));
}

TEST_CASE("candidate: a program that nobody may run is refused") {
  ProgramPlace place;
  CHECK_THAT(place.refused({{place.program(), "#!/bin/sh\n", "0644"}}), Contains("write mode: \"0755\""));
  CHECK_THAT(place.refused({{place.program(), "", "0755"}}), Contains("it is empty"));
  CHECK(place.refused({{place.program(), "#!/bin/sh\n", "0755"}}).empty());
}
