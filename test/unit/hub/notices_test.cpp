#include <random>

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "notices/message.h"

using namespace greenwave;
using namespace greenwave::hub;
using Catch::Matchers::Contains;

namespace {

const std::string one(40, 'a');
const std::string other(40, 'b');

WaveStanding wave(const std::string& name, const std::string& commit, std::size_t healthy, bool is_done) {
  return {.wave = name,
          .commit = commit,
          .subject = "Longer yellow",
          .tally = {.devices = 10, .reported = 10, .healthy = healthy, .failed = 10 - healthy},
          .failures = {},
          .is_done = is_done};
}

WaveStanding halted(const std::string& name, const std::string& commit, std::vector<FailureGroup> failures) {
  auto standing = wave(name, commit, 5, false);
  standing.halted = "5 of 10 devices in " + name + " failed";
  standing.failures = std::move(failures);
  return standing;
}

const MailPlace mail{.to = {"a@city.example", "b@city.example"}, .from = "hub@city.example"};

struct Letter {
  std::string head;
  std::string body;
};

Letter letter(const nlohmann::json& notice) {
  const auto text = mail_text(mail, notice, {});
  const auto gap = text.find("\n\n");
  std::string encoded;
  for (const char c : text.substr(gap + 2)) {
    if (c != '\n') encoded += c;
  }
  return {text.substr(0, gap + 1), decode_base64(encoded)};
}

}  // namespace

TEST_CASE("notices: a commit that every wave has and is healthy in has succeeded") {
  const auto commits = commits_of({wave("canary", one, 10, true), wave("", one, 10, true)});
  REQUIRE(commits.size() == 1);
  CHECK(commits[0].state == CommitStanding::State::success);
}

TEST_CASE("notices: a commit on its way is pending, also where its waves are done") {
  const auto commits =
      commits_of({wave("canary", one, 10, true), wave("early", one, 3, false), wave("", other, 10, true)});
  REQUIRE(commits.size() == 2);
  CHECK(commits[0].state == CommitStanding::State::pending);
  CHECK(commits[0].says == "3 of 10 in early healthy");
}

TEST_CASE("notices: a commit that arrived stays a success while the next one is in the first waves") {
  const auto commits = commits_of({wave("canary", one, 2, false), wave("", other, 10, true)});
  REQUIRE(commits.size() == 2);
  CHECK(commits[0].state == CommitStanding::State::pending);
  CHECK(commits[1].state == CommitStanding::State::success);
}

TEST_CASE("notices: one halted wave fails the commit, and the reasons of its waves are grouped") {
  const auto commits = commits_of({halted("canary", one, {{"exit 203", 3, {"d1"}}, {"", 2, {"d2"}}}),
                                   halted("early", one, {{"no space", 9, {"d3"}}, {"exit 203", 1, {"d4"}}}),
                                   wave("", other, 10, true)});
  CHECK(commits[0].state == CommitStanding::State::failure);
  CHECK(commits[0].says == "5 of 10 devices in canary failed: no space");
  REQUIRE(commits[0].failures.size() == 3);
  CHECK(commits[0].failures[0].reason == "no space");
  CHECK(commits[0].failures[1].devices == 4);
}

TEST_CASE("notices: what a commit's status says fits every server") {
  const auto commits = commits_of({halted("canary", one, {{std::string(500, 'x'), 5, {"d"}}})});
  CHECK(commits[0].says.size() <= 140);
}

TEST_CASE("notices: the signature is the HMAC of the body, whatever the key's length") {
  // By Python: hmac.new(key, b'{"id":"x"}', hashlib.sha256).hexdigest()
  const WebhookPlace place{.url = "https://a.example", .secret_file = {}};
  const auto signature = [&](const std::string& key) {
    return webhook_call(place, {{"id", "x"}}, key).headers.back();
  };
  CHECK(signature("Jefe") ==
        "X-Hub-Signature-256: sha256=70b73a142acf18b6c3570cc5bb0b1efa7eb2a932bea0770ba9aa1f42cf866a62");
  CHECK(signature(std::string(100, 'k')) ==
        "X-Hub-Signature-256: sha256=4c5ab2a8bcf165ed20307867b6f620d2f892d3da030b533f975bf6ea48fb0da3");
}

TEST_CASE("notices: a mail is for its recipients, and its body says what failed where") {
  auto notice =
      halt_json("springfield", commits_of({halted("canary", one, {{"exit 203", 3, {"d1", "d2"}}})})[0],
                "https://hub.example");
  notice["event"] = "halted";
  notice["id"] = "x-1";
  const auto [head, body] = letter(notice);
  CHECK_THAT(head, Contains("\nTo: a@city.example,\n b@city.example\n"));
  CHECK_THAT(head, Contains("\nSubject: [greenwave] springfield: aaaaaaaaaaaa halted (Longer yellow)\n"));
  CHECK_THAT(body, Contains("3 devices: exit 203") && Contains("    d2") && Contains("https://hub.example"));
}

TEST_CASE("notices: no text of a device or a commit makes a header or ends the mail") {
  std::mt19937 random(20261127);  // NOLINT(cert-msc51-cpp): the same each time
  const std::string pieces[] = {
      "\r\n", "\n",       "\n\n", ".", "\n.\n", "Bcc: x@y.example", "=?utf-8?Q?a?=", "é", "\xff",
      "\0",   "\x1b[31m", "a",    " ", "\u2028"};
  for (int round = 0; round < 500; ++round) {
    const auto text = [&] {
      std::string result;
      for (auto count = random() % 60; count > 0; --count) result += pieces[random() % std::size(pieces)];
      return result;
    };
    auto standing = halted("canary", one, {{text(), 5, {text()}}});
    standing.subject = text();
    auto notice = halt_json(text(), commits_of({standing})[0], "");
    notice["event"] = round % 2 == 0 ? "halted" : "over";
    notice["id"] = text();
    const auto [head, body] = letter(notice);
    std::size_t headers = 0;
    for (const auto line : split(trim(head), '\n')) {
      INFO(head);
      REQUIRE(line.size() <= 998);
      REQUIRE(line.find('\r') == std::string_view::npos);
      REQUIRE_FALSE(line.starts_with("Bcc"));
      if (!line.starts_with(' ')) ++headers;
    }
    CHECK(headers == 9);
    CHECK(printable_lines(body) == body);
    for (const auto& header : webhook_call({.url = "https://a", .secret_file = {}}, notice, "k").headers)
      CHECK(header.find_first_of("\r\n") == std::string::npos);
  }
}

TEST_CASE("notices: only what can be nothing but an address is one") {
  for (const auto* text : {"a@b", "a.b+c@d-e.example", "A_1%x=y@EXAMPLE.org"}) CHECK(is_mail_address(text));
  for (const auto* text :
       {"",      "a",     "@b",      "a@",   "-f@b", "a@-b",   "a b@c", "a@b,c@d",       "a@b\nBcc: c@d",
        "a@b@c", "<a@b>", "\"a\"@b", "a@b.", ".a@b", "a..b@c", "é@b",   "a@[127.0.0.1]", "a;b@c",
        "a|b@c", "a@b/c"})
    CHECK_FALSE(is_mail_address(text));
  CHECK_FALSE(is_mail_address(std::string(65, 'a') + "@b"));
}
