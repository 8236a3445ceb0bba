#include "text.h"

#include <cstdlib>
#include <optional>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "progress.h"

using namespace greenwave;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const cli::Style plain{false, false, 80};
const cli::Style terminal{true, true, 40};

}  // namespace

TEST_CASE("style: text is as wide as COLUMNS or the terminal says, and elsewhere is not wrapped") {
  const std::vector<std::pair<const char*, std::size_t>> table{{nullptr, cli::unlimited},
                                                               {"", cli::unlimited},
                                                               {"72", 72},
                                                               {"200", 200},
                                                               {"10", 40},
                                                               {"0", cli::unlimited},
                                                               {"wide", cli::unlimited},
                                                               {"-1", cli::unlimited},
                                                               {"80x", cli::unlimited},
                                                               {"99999999999999999999999", cli::unlimited}};
  const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const char* const before = std::getenv("COLUMNS");
  const std::optional<std::string> kept =
      before == nullptr ? std::nullopt : std::optional<std::string>(before);
  for (const auto& [columns, width] : table) {
    if (columns == nullptr) {
      ::unsetenv("COLUMNS");
    } else {
      ::setenv("COLUMNS", columns, 1);
    }
    CAPTURE(columns == nullptr ? "unset" : columns);
    CHECK(cli::style_of(nowhere.get(), false).width == width);
  }
  kept ? ::setenv("COLUMNS", kept->c_str(), 1) : ::unsetenv("COLUMNS");
}

TEST_CASE("history: each sync says when, why, what came of it, and what it did") {
  state::SyncRecord sync;
  sync.number = 12;
  sync.started = from_iso("2026-11-24T06:00:00Z");
  sync.took = 900ms;
  sync.trigger = state::Trigger::request;
  sync.who = "alice (sudo)";
  sync.commit = CommitId("1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d");
  sync.subject = "Retime Fulton";
  sync.author = "Alice Diaz";
  sync.result = state::SyncResult::failed;
  sync.actions = {{"repair", "File/motd", true, "", "content changed", "Welcome"},
                  {"update", "File/chrony", false, "the disk is full; free some space", "", ""}};
  state::SyncRecord pause;
  pause.number = 11;
  pause.started = from_iso("2026-11-24T05:00:00Z");
  pause.trigger = state::Trigger::pause;
  pause.result = state::SyncResult::paused;
  pause.error = "cabinet open";
  CHECK(cli::history_text({sync, pause}, from_iso("2026-11-24T06:11:50Z"), plain) ==
        R"(#12 2026-11-24 06:00 UTC (11m 50s ago), request by alice (sudo), took 900ms: failed
    1a2b3c4d5e6f Retime Fulton, by Alice Diaz
    repair  File/motd: content changed
            was: Welcome
    update  File/chrony
            failed: the disk is full; free some space

#11 2026-11-24 05:00 UTC (1h 12m ago), pause: paused
    cabinet open
)");
  CHECK(cli::history_text({}, {}, plain) == "No sync has changed anything or failed yet.\n");
}

TEST_CASE("history: where commits were checked, who signed one is below it") {
  state::SyncRecord sync;
  sync.commit = CommitId("1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d");
  sync.subject = "Retime Fulton";
  sync.signer = "ana@city.example";
  sync.signer_key = "SHA256:x";
  CHECK_THAT(cli::history_text({sync}, sync.started, plain),
             Catch::Contains("1a2b3c4d5e6f Retime Fulton\n    signed by ana@city.example, SHA256:x\n"));
}

TEST_CASE("history: a file's previous content is shown as it was, cut when long") {
  state::SyncRecord sync;
  sync.started = from_iso("2026-11-24T06:00:00Z");
  sync.trigger = state::Trigger::interval;
  sync.result = state::SyncResult::in_sync;
  sync.actions = {{"repair", "File/plan", true, "", "", "mode 0644, 60 B\n{\n  \"a\": 1\n}\n"},
                  {"repair", "File/long", true, "", "", "mode 0644\n1\n2\n3\n4\n5\n6\n7\n8"}};
  const auto text = cli::history_text({sync}, sync.started, plain);
  CHECK_THAT(text, Catch::EndsWith(R"(
    repair  File/plan
            was: mode 0644, 60 B
                 {
                   "a": 1
                 }
    repair  File/long
            was: mode 0644
                 1
                 2
                 3
                 4
                 5
                 6
                 … 2 more lines: see -o json
)"));
}

TEST_CASE("diff: each object has a header, and the summary counts") {
  const json diff{
      {"commit", "1a2b3c4d5e6f"},
      {"changes",
       {{{"verb", "update"},
         {"object", "File/motd"},
         {"diff", "--- a/motd\n+++ b/motd\n@@ -1 +1 @@\n-old\n+new\n"}},
        {{"verb", "create"}, {"object", "File/token"}, {"diff", "(sensitive: content not shown)"}}}},
      {"problems", {"base/x.yaml:1:1: error: no"}}};
  CHECK(cli::diff_text(diff, plain) == R"(update File/motd
--- a/motd
+++ b/motd
@@ -1 +1 @@
-old
+new

create File/token
(sensitive: content not shown)

A sync to commit 1a2b3c4d5e6f would make 2 changes: 1 create, 1 update.

Problems in the repository
  base/x.yaml:1:1: error: no
)");
  const auto colored = cli::diff_text(diff, terminal);
  CHECK(colored.find("\x1b[32m+new\x1b[0m") != std::string::npos);
  CHECK(colored.find("\x1b[31m-old\x1b[0m") != std::string::npos);
  CHECK(cli::diff_text({{"commit", "1a2b3c4d5e6f"}, {"changes", json::array()}}, plain) ==
        "Nothing would change: the device is in sync with commit 1a2b3c4d5e6f.\n");
}

TEST_CASE("diff: a file's control characters reach a patch, and never a terminal") {
  const json diff{{"changes", {{{"verb", "update"}, {"object", "File/x"}, {"diff", "+\x1b[2J\r\n"}}}}};
  CHECK(cli::diff_text(diff, plain).find("+\x1b[2J\r\n") != std::string::npos);
  const auto shown = cli::diff_text(diff, {false, true, 80});
  CHECK(shown.find('\x1b') == std::string::npos);
  CHECK(shown.find('\r') == std::string::npos);
}

TEST_CASE("show: an object's members are lines, empty ones are left out, the list has a line each") {
  const auto objects =
      json::parse(R"([{"object": "File/motd", "state": "in sync", "commit": "1a2b", "error": "",
      "keep": false, "files": [{"path": "/etc/motd", "size": 8}, {"path": "/etc/issue", "size": 9}],
      "actions": [{"time": "2026-11-24T06:00:00Z", "verb": "repair", "ok": false, "reason": "content changed",
                   "was": "Welcome", "error": "no space"}]}])");
  CHECK(cli::objects_text(objects, plain) == R"(File/motd: in sync
  commit      1a2b
  files       path /etc/motd, size 8
              path /etc/issue, size 9
  actions     2026-11-24T06:00:00Z repair: content changed, was: Welcome,
              failed: no space
)");
  const json list{{{"object", "File/motd"}, {"state", "in sync"}},
                  {{"object", "SystemdUnit/spat"}, {"state", "failed"}, {"error", "x"}}};
  CHECK(cli::object_list_text(list, plain) == "File/motd         in sync\nSystemdUnit/spat  failed\n");
}

TEST_CASE("objects: what is empty has no line, however deep") {
  const json objects{{{"object", "File/motd"},
                      {"state", "in sync"},
                      {"error", ""},
                      {"files", json::array()},
                      {"ports", json::array({json::object({{"host", nullptr}}), json::array(), ""})},
                      {"kept", json::object({{"before", json::array()}, {"note", ""}})},
                      {"images", json::array({"", "spat:1"})}}};
  CHECK(cli::objects_text(objects, plain) == "File/motd: in sync\n  images      spat:1\n");
}

TEST_CASE("progress: a terminal updates one line and keeps one an object; elsewhere all are lines") {
  const sync::Event phase{"phase", "polling https://git.example/traffic/san-francisco.git", "", true, 0};
  const sync::Event step{"step", "update File/motd", "File/motd", true, 0};
  const sync::Event failed{"step", "update File/x: the disk is full", "File/x", false, 0};
  const sync::Event done{"done", "1 of 2 objects failed", "", false, 1};
  cli::Progress lines(plain);
  CHECK(lines.add(phase) + lines.add(step) + lines.add(failed) + lines.add(done) ==
        "polling https://git.example/traffic/san-francisco.git\n  ok     update File/motd\n"
        "  FAILED update File/x: the disk is full\n1 of 2 objects failed\n");
  cli::Progress live({false, true, 40});
  const std::string line = "polling https://git.example/traffic/san";
  CHECK(live.add(phase) == "\r\x1b[K" + line);
  CHECK(live.add(step) == "\r\x1b[K  ok     update File/motd\n" + line);
  CHECK(live.add(done) == "\r\x1b[K1 of 2 objects failed\n");
}

namespace {

sync::Event fetched(Duration took, bool earlier = false, const char* commit = "4fa52342af35c0ffee") {
  const git::Fetching fetch{.commit = CommitId(commit), .took = took, .bytes = 2048, .rate = 100};
  sync::Event event{.kind = "progress", .text = in_words(fetch)};
  event.fetch = fetch;
  event.earlier = earlier;
  return event;
}

}  // namespace

TEST_CASE("progress: a fetch is one line of a terminal, rewritten; elsewhere a line every ten seconds") {
  using namespace std::chrono_literals;
  cli::Progress live({false, true, 80});
  CHECK(live.add(fetched(2s)) == "\r\x1b[Kfetching 4fa52342af35 for 2s: 2.0 KiB, 100 B/s");
  CHECK(live.add(fetched(2250ms)) == live.add(fetched(2500ms)));
  cli::Progress narrow({false, true, 40});
  CHECK(narrow.add(fetched(2s)) == "\r\x1b[Kfetching 4fa52342af35 for 2s: 2.0 KiB, ");

  cli::Progress lines(plain);
  std::string text;
  for (Duration took = 0s; took <= 35s; took += 250ms) text += lines.add(fetched(took));
  CHECK(text ==
        "fetching 4fa52342af35 for 10s: 2.0 KiB, 100 B/s\nfetching 4fa52342af35 for 20s: 2.0 KiB, 100 B/s\n"
        "fetching 4fa52342af35 for 30s: 2.0 KiB, 100 B/s\n");
  CHECK(lines.add(fetched(9s)).empty());  // another fetch
  CHECK_FALSE(lines.add(fetched(11s)).empty());
  CHECK(lines.add(fetched(12s, false, "another")).empty() == false);
  CHECK(lines.add({.kind = "progress", .text = "?"}).empty());
}

TEST_CASE("progress: what a sync waits for is told apart from what it does") {
  sync::Event waits{.kind = "waiting", .text = "another sync is under way"};
  sync::Event phase{.kind = "phase", .text = "polling"};
  waits.earlier = phase.earlier = true;
  cli::Progress lines(plain);
  CHECK(lines.add(waits) + lines.add(phase) + lines.add(fetched(10s, true)) ==
        "another sync is under way\nearlier: polling\n"
        "earlier: fetching 4fa52342af35 for 10s: 2.0 KiB, 100 B/s\n");
  cli::Progress live({false, true, 40});
  CHECK(live.add(waits) == "\r\x1b[Kanother sync is under way\n");
  CHECK(live.add(phase) == "\r\x1b[Kearlier: polling ...");
  CHECK(live.add(waits) == "\r\x1b[Kanother sync is under way\nearlier: polling ...");
}
