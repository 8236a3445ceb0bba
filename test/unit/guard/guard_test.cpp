#include "guard/guard.h"

#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "support/killed_at.h"
#include "support/source_directory.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::guard;
namespace fs = std::filesystem;

namespace {

using std::chrono::seconds;

/// A device's files below a directory of the test's own, with the guard's script.
class Workshop {
 public:
  Workshop() {
    fs::create_directory(directory_ / "bin");
    // The script runs this in place of systemd's.
    std::ofstream(directory_ / "bin/systemctl") << "#!/bin/sh\necho \"$@\" >> \"${0%/*}/../asked\"\n";
    fs::permissions(directory_ / "bin/systemctl", fs::perms(0755));
  }

  Guard guard(const std::string& run, Duration patience = seconds(3600)) {
    return Guard({.directory = directory_ / "guard",
                  .files = OwnFiles(config::Config(), ""),
                  .run = run,
                  .patience = patience,
                  .start = [this] { ++starts; }});
  }

  OwnFile place(const std::string& name) { return {(directory_ / name).native(), Part::named}; }
  void write(const std::string& name, const std::string& text) { directory_.write(name, text); }
  std::string read(const std::string& name) { return read_file(directory_ / name, 4096); }
  bool has(const std::string& name) { return fs::exists(fs::symlink_status(directory_ / name)); }
  fs::path at(const std::string& name) { return directory_ / name; }

  std::string script() {
    return fmt::format("PATH={0}/bin:$PATH exec {1}/packaging/greenwave-guard {0}/guard > {0}/said 2>&1",
                       directory_.path().native(), test::source_directory().native());
  }

  /// Runs the script to its end.
  void stand_by() {
    const auto ended = std::system(script().c_str());
    INFO(read_if_there("said"));
    REQUIRE(ended == 0);
  }

  /// A file and a directory of the agent's, and a name where nothing is yet.
  void furnish() {
    write("agent.yaml", "good");
    write("unit.d/10-good.conf", "good");
  }
  std::vector<OwnFile> own_files() { return {place("agent.yaml"), place("unit.d"), place("new")}; }

  int starts = 0;

 private:
  std::string read_if_there(const std::string& name) { return has(name) ? read(name) : ""; }

  test::TemporaryDirectory directory_;
};

constexpr auto now = Duration::zero();

}  // namespace

TEST_CASE("guard: what the agent does not come back with is replaced by what was there") {
  Workshop shop;
  shop.write("agent.yaml", "good\n");
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true);
  CHECK(shop.starts == 1);
  shop.write("agent.yaml", "bad\n");
  guard.changed(true);
  shop.stand_by();
  CHECK(shop.read("agent.yaml") == "good\n");
  CHECK(shop.read("asked") ==
        "daemon-reload\nreset-failed greenwaved.service\n--no-block restart greenwaved.service\n");
  auto next = shop.guard("two");
  CHECK_FALSE(next.armed_before());
  const auto found = next.put_back();
  REQUIRE(found);
  CHECK(found->reason == "greenwaved was not back 0 s after a commit had changed it");
  CHECK(found->failed.at(shop.place("agent.yaml").path).contains(sha256("bad\n")));
  next.forget_put_back();
  CHECK_FALSE(next.put_back());
}

TEST_CASE("guard: mode and time come back with a file, a link as a link, and what was absent is removed") {
  Workshop shop;
  shop.write("token", "t");
  fs::permissions(shop.at("token"), fs::perms(0640));
  fs::create_symlink("token", shop.at("link"));
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("token"), shop.place("link"), shop.place("new"), shop.place("new.d")}, false);
  fs::permissions(shop.at("token"), fs::perms(0600));
  fs::remove(shop.at("link"));
  shop.write("new", "x");
  shop.write("new.d/a.conf", "x");
  guard.changed(true);
  shop.stand_by();
  CHECK(fs::status(shop.at("token")).permissions() == fs::perms(0640));
  CHECK(fs::read_symlink(shop.at("link")) == "token");
  CHECK_FALSE(shop.has("new"));
  CHECK_FALSE(shop.has("new.d"));
}

TEST_CASE("guard: a directory of drop-ins comes back whole") {
  Workshop shop;
  shop.write("unit.d/10-good.conf", "good");
  shop.write("unit.d/20-gone.conf", "gone");
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("unit.d")}, true);
  shop.write("unit.d/30-bad.conf", "bad");
  fs::remove(shop.at("unit.d/20-gone.conf"));
  guard.changed(true);
  shop.stand_by();
  CHECK(shop.read("unit.d/20-gone.conf") == "gone");
  CHECK_FALSE(shop.has("unit.d/30-bad.conf"));
  const auto found = shop.guard("two").put_back();
  REQUIRE(found);
  CHECK(found->failed.at(shop.place("unit.d/30-bad.conf").path).contains(sha256("bad")));
}

TEST_CASE("guard: the agent that is back disarms it, and nothing is put back") {
  Workshop shop;
  shop.write("agent.yaml", "old");
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true);
  shop.write("agent.yaml", "new");
  guard.changed(true);
  CHECK_FALSE(guard.armed_before());
  auto next = shop.guard("two");
  REQUIRE(next.armed_before());
  CHECK(next.armed_before()->reached);
  next.disarm();
  shop.stand_by();
  CHECK(shop.read("agent.yaml") == "new");
  CHECK_FALSE(next.put_back());
}

TEST_CASE("guard: a run whose change came to nothing disarms it") {
  Workshop shop;
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true);
  guard.changed(false);
  CHECK_FALSE(shop.guard("two").armed_before());
  CHECK_FALSE(shop.has("guard/armed"));
}

TEST_CASE("guard: a power cut in the middle of the change counts as a change") {
  Workshop shop;
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true);
  CHECK(shop.guard("two").armed_before());
}

TEST_CASE("guard: a second change before the first is over keeps what was there before both") {
  Workshop shop;
  shop.write("agent.yaml", "first");
  shop.write("token", "one");
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true);
  shop.write("agent.yaml", "second");
  guard.changed(true);
  auto next = shop.guard("two", now);
  next.arm({shop.place("agent.yaml"), shop.place("token")}, false);
  shop.write("agent.yaml", "third");
  shop.write("token", "two");
  next.changed(true);
  shop.stand_by();
  CHECK(shop.read("agent.yaml") == "first");
  CHECK(shop.read("token") == "one");
}

TEST_CASE("guard: an agent that is not as it should be has the guard act at once, and gives its reason") {
  Workshop shop;
  shop.write("agent.yaml", "good");
  auto guard = shop.guard("one");
  guard.arm({shop.place("agent.yaml")}, true);
  shop.write("agent.yaml", "bad");
  guard.changed(true);
  CHECK_FALSE(guard.fire("this run made the change itself"));
  auto next = shop.guard("two");
  CHECK(next.fire("the repository\ndoes not answer"));
  CHECK_THROWS_AS(next.arm({shop.place("token")}, true), Error);
  shop.stand_by();
  CHECK(shop.read("agent.yaml") == "good");
  CHECK(shop.guard("three").put_back()->reason.starts_with("the repository"));
  CHECK_FALSE(shop.guard("three").fire("again"));
}

TEST_CASE("guard: the version of a package that the agent did not come back with is named") {
  Workshop shop;
  shop.write("agent.yaml", "old");
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true, Guard::ByPackage{"greenwave", sha256("2")});
  // On the way back there is another version, which is not what failed.
  guard.arm({shop.place("agent.yaml")}, true, Guard::ByPackage{"greenwave", sha256("1")});
  shop.write("agent.yaml", "new");
  guard.changed(true);
  shop.stand_by();
  CHECK(shop.read("agent.yaml") == "old");
  const auto found = shop.guard("two").put_back();
  REQUIRE(found);
  CHECK(found->failed.at("greenwave") == std::set<Digest>{sha256("2")});
}

TEST_CASE("guard: what a power cut ended before it was known to change anything stays guarded") {
  Workshop shop;
  shop.write("agent.yaml", "old");
  shop.guard("one", now).arm({shop.place("agent.yaml")}, true);
  auto guard = shop.guard("two");
  guard.arm({shop.place("agent.yaml")}, true);
  guard.changed(false);
  CHECK(guard.armed_before());
}

TEST_CASE("guard: what did not change restarts nothing") {
  Workshop shop;
  shop.write("agent.yaml", "same");
  auto guard = shop.guard("one", now);
  guard.arm({shop.place("agent.yaml")}, true);
  guard.changed(true);
  shop.stand_by();
  CHECK_FALSE(shop.has("asked"));
  CHECK_FALSE(shop.guard("two").put_back());
  CHECK_FALSE(shop.has("guard/firing"));
}

TEST_CASE("guard: a power cut at any moment of its work leaves that to be done at the next boot") {
  for (unsigned number = 1;; ++number) {
    INFO("cut before change " << number);
    REQUIRE(number < 2000);
    Workshop shop;
    shop.furnish();
    auto guard = shop.guard("one", now);
    guard.arm(shop.own_files(), true);
    shop.write("agent.yaml", "bad");
    shop.write("unit.d/20-bad.conf", "bad");
    shop.write("new", "bad");
    guard.changed(true);
    const bool was_cut =
        test::killed_at(number, [&] { ::execl("/bin/sh", "sh", "-c", shop.script().c_str(), nullptr); });
    shop.stand_by();
    CHECK(shop.read("agent.yaml") == "good");
    CHECK(shop.read("unit.d/10-good.conf") == "good");
    CHECK_FALSE(shop.has("unit.d/20-bad.conf"));
    CHECK_FALSE(shop.has("new"));
    CHECK_FALSE(shop.has("guard/firing"));
    CHECK_FALSE(shop.has("agent.yaml.greenwave~"));
    CHECK_FALSE(shop.has("unit.d.greenwave~"));
    const auto found = shop.guard("two").put_back();
    REQUIRE(found);
    for (const auto* name : {"agent.yaml", "unit.d/20-bad.conf", "new"}) {
      INFO(name);
      CHECK(found->failed.at(shop.place(name).path).contains(sha256("bad")));
    }
    if (!was_cut) break;
  }
}

TEST_CASE("guard: a power cut at any moment before a change leaves the agent's files as they are") {
  for (unsigned number = 1;; ++number) {
    INFO("cut before change " << number);
    REQUIRE(number < 2000);
    Workshop shop;
    shop.furnish();
    const auto arm = [&] {
      auto guard = shop.guard("one", now);
      guard.arm(shop.own_files(), true);
    };
    const bool was_cut = test::killed_at(number, arm);
    if (!shop.has("guard/armed")) arm();  // the pass begins again
    shop.write("agent.yaml", "bad");
    shop.write("unit.d/10-good.conf", "bad");
    shop.write("new", "bad");
    shop.stand_by();
    CHECK(shop.read("agent.yaml") == "good");
    CHECK(shop.read("unit.d/10-good.conf") == "good");
    CHECK_FALSE(shop.has("new"));
    if (!was_cut) break;
  }
}

TEST_CASE("guard: a power cut while the agent disarms or fires it leaves it armed, or does it") {
  for (unsigned number = 1;; ++number) {
    INFO("cut before change " << number);
    REQUIRE(number < 100);
    Workshop shop;
    shop.write("agent.yaml", "old");
    auto guard = shop.guard("one", now);
    guard.arm({shop.place("agent.yaml")}, true);
    shop.write("agent.yaml", "new");
    guard.changed(true);
    const bool fires = number % 2 == 0;
    const bool was_cut = test::killed_at((number + 1) / 2, [&] {
      auto next = shop.guard("two");
      fires ? static_cast<void>(next.fire("why")) : next.disarm();
    });
    const bool is_armed = shop.has("guard/armed") || shop.has("guard/firing");
    shop.stand_by();
    CHECK(shop.read("agent.yaml") == (is_armed ? "old" : "new"));
    if (!was_cut && fires) break;
  }
}

// forgetful_disk_test runs this on a disk of its own, and cuts the power at each moment.
TEST_CASE("guard: it is armed before the agent's files change", "[.disk]") {
  const fs::path disk = std::getenv("GREENWAVE_DISK");
  const auto at = [&](const char* name) { return OwnFile{(disk / "etc" / name).native(), Part::named}; };
  Guard guard({.directory = disk / "guard",
               .files = OwnFiles(config::Config(), ""),
               .run = "one",
               .patience = now,
               .start = [] {}});
  guard.arm({at("agent.yaml"), at("unit.d"), at("new")}, true);
  for (const auto* name : {"agent.yaml", "unit.d/10-good.conf", "unit.d/20-bad.conf", "new"}) {
    replace_file(disk / "etc" / name, "bad\n", 0644);
  }
  guard.changed(true);
}
