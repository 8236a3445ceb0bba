#include "git/allowed_signers.h"

#include <random>

#include <catch2/catch.hpp>

#include "git/pattern_list.h"
#include "support/git_workshop.h"
#include "support/seeds.h"

using namespace greenwave;

namespace {

const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmkyDqLAOPyiJqnPtZTvNzmCEwvsHuhw7l3g8EWP2Uy";

std::string problem(const std::string& text) {
  Problems problems;
  git::parse_allowed_signers(text, "signers", problems);
  return problems.empty() ? "none" : to_string(problems.list()[0]);
}

git::AllowedSigner only(const std::string& text) {
  Problems problems;
  auto signers = git::parse_allowed_signers(text, "signers", problems);
  for (const auto& each : problems.list()) INFO(to_string(each));
  CHECK(problems.empty());
  REQUIRE(signers.size() == 1);
  return signers[0];
}

std::string at(const std::optional<Time>& time) {
  return time ? to_iso(*time) : "never";
}

}  // namespace

TEST_CASE("allowed_signers: comments, blank lines and blanks are ignored") {
  CHECK(only("# the city's keys\n\n \t\n  a@x.example\t " + key + " Ana's laptop\r\n").principals ==
        "a@x.example");
  CHECK(only("\"a@x.example,b@x.example\" " + key).principals == "a@x.example,b@x.example");
}

TEST_CASE("allowed_signers: options are read with their quotes, in any case and order") {
  const auto signer =
      only("a@x NAMESPACES=\"git,fi\\\"le\",valid-after=\"20260102Z\",valid-before=\"202601031145Z\" " + key);
  CHECK(signer.spaces == "git,fi\"le");
  CHECK(at(signer.valid_after) == "2026-01-02T00:00:00Z");
  CHECK(at(signer.valid_before) == "2026-01-03T11:45:00Z");
  CHECK(at(only("a@x valid-after=\"20260228235959utc\" " + key).valid_after) == "2026-02-28T23:59:59Z");
}

TEST_CASE("allowed_signers: an error names its place and the fix") {
  CHECK(problem("a@x cert-authority " + key)
            .starts_with("signers:1:5: error: cert-authority is not supported"));
  CHECK(
      problem("\na@x cert-authority,namespaces=\"git\" " + key).starts_with("signers:2:5: error: cert-auth"));
  CHECK(problem("a@x namespaces=git " + key)
            .starts_with("signers:1:16: error: the value of namespaces is not in qu"));
  CHECK(problem("a@x namespaces=\"git " + key).starts_with("signers:1:16: error: the quote is not closed"));
  CHECK(problem("a@x colour=\"red\" " + key)
            .starts_with("signers:1:5: error: \"colour\" is neither an option"));
  CHECK(problem("a@x valid-after " + key).starts_with("signers:1:16: error: valid-after has no value"));
  CHECK(problem("a@x valid-after=\"\",valid-after=\"20260101\" " + key).find("\"\" is not a time") !=
        std::string::npos);
  CHECK(problem("a@x namespaces=\"git\",namespaces=\"git\" " + key).find("namespaces is given twice") !=
        std::string::npos);
  CHECK(problem("a@x valid-after=\"20260102\",valid-before=\"20260101\" " + key).find("not later") !=
        std::string::npos);
  CHECK(problem("a@x").starts_with("signers:1:4: error: the line has no key"));
  CHECK(problem("a@x ssh-ed25519").starts_with("signers:1:16: error: the key is missing"));
  CHECK(problem("a@x ssh-ed25519 AAAA").starts_with("signers:1:17: error: the SSH data is truncated"));
  CHECK(problem("a@x ssh-ed25519 A%AA").starts_with("signers:1:17: error: the key is not base64"));
  CHECK(problem("a@x ssh-rsa " + key.substr(12)).find("not of the type") != std::string::npos);
  CHECK(problem("!a@x " + key).starts_with("signers:1:1: error: the principals match nobody"));
  CHECK(problem(std::string(1024 * 1024 + 1, '#'))
            .starts_with("signers: error: the file is larger than 1.0 MiB"));
}

TEST_CASE("allowed_signers: dates that don't exist are refused") {
  for (const std::string date : {"20260431Z", "20261301Z", "20260100Z", "202601012400Z", "202601011260Z",
                                 "2026", "2026010a", "-2026010", "20260101z0"}) {
    INFO(date);
    CHECK(problem("a@x valid-after=\"" + date + "\" " + key).find("is not a time") != std::string::npos);
  }
}

TEST_CASE("allowed_signers: all problems are reported at once, up to a limit") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "a@x nonsense\n";
  Problems problems;
  git::parse_allowed_signers(text, "signers", problems);
  CHECK(problems.size() == 100);
}

TEST_CASE("allowed_signers: a hardware token's key is skipped with a warning") {
  const std::string token =
      "sk-ssh-ed25519@openssh.com "
      "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHmkyDqLAOPyiJqnPtZTvNzmCEwvsHuhw7l3"
      "g8EWP2UyAAAABHNzaDo=";
  Problems problems;
  const auto signers = git::parse_allowed_signers("a@x " + token + "\nb@x " + key, "signers", problems);
  REQUIRE(signers.size() == 1);
  CHECK(signers[0].principals == "b@x");
  CHECK_FALSE(problems.has_errors());
  REQUIRE(problems.size() == 1);
  CHECK(to_string(problems.list()[0])
            .starts_with("signers:1:5: warning: sk-ssh-ed25519@openssh.com is a hardware token's key"));
}

TEST_CASE("allowed_signers: patterns match as OpenSSH's do, and in bounded time") {
  CHECK(git::matches_pattern_list("ana@sf.example", "*@sf.example"));
  CHECK(git::matches_pattern_list("ana@sf.example", "bo@*,a?a@*"));
  CHECK_FALSE(git::matches_pattern_list("ana@sf.example", "*@sf.example,!ana@*"));
  CHECK_FALSE(git::matches_pattern_list("ana@sf.example", "ana"));
  CHECK_FALSE(git::matches_pattern_list("", "?"));
  CHECK(git::matches_pattern_list("", "*"));
  std::string stars;
  for (int i = 0; i < 2000; ++i) stars += "*a";
  CHECK_FALSE(git::matches_pattern_list(std::string(4000, 'a') + "b", stars + "c"));
}

TEST_CASE("allowed_signers: a time without Z is in the machine's zone, as ssh-keygen takes it") {
  // ssh-keygen itself is asked which second is the first that it allows.
  const test::Workshop workshop;
  workshop.key("ana", "ed25519");
  std::ofstream(workshop.directory() / "text") << "x";
  workshop.run_in(workshop.directory(), {"ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", "ana", "text"});
  const auto line = "ana valid-after=\"202607011200\" " + workshop.public_key("ana");
  std::ofstream(workshop.directory() / "signers") << line << "\n";
  const auto ours = only(line).valid_after;
  REQUIRE(ours);
  const auto allows = [&](Time time) {
    auto stamp = to_iso(time);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    try {
      workshop.run_in(
          workshop.directory(),
          {"sh", "-c",
           "ssh-keygen -Y verify -n git -I ana -f signers -s text.sig -Overify-time=" + stamp + " < text"});
    } catch (const std::runtime_error&) {
      return false;
    }
    return true;
  };
  CHECK(allows(*ours));
  CHECK_FALSE(allows(*ours - std::chrono::seconds(1)));
}

TEST_CASE("allowed_signers: principals match as they do for ssh-keygen") {
  const test::Workshop workshop;
  workshop.key("ana", "ed25519");
  std::ofstream(workshop.directory() / "text") << "hello";
  workshop.run_in(workshop.directory(), {"ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", "ana", "text"});
  const auto accepts = [&](const std::string& principals, const std::string& who) {
    std::ofstream(workshop.directory() / "signers")
        << principals << " " << workshop.public_key("ana") << "\n";
    const auto answer = workshop.run_in(
        workshop.directory(),
        {"sh", "-c",
         "ssh-keygen -Y verify -f signers -n git -s text.sig -I \"$0\" <text && echo yes || echo no", who});
    return answer.ends_with("yes\n");
  };
  const std::vector<std::string> names{"olga@sf", "ana@sf", "bo@la", "o", "olga@sf.example"};
  const std::vector<std::string> patterns{"*",     "?",     "olga@sf", "ana@*", "*@sf",
                                          "*a@??", "bo@la", "o*",      "**",    "*@sf*e"};
  std::mt19937 random(test::first_seed());
  const auto any_of = [&](const auto& list) { return list[random() % list.size()]; };
  for (unsigned i = 0; i < test::seed_count(200); ++i) {
    std::string principals;
    for (auto count = 1 + random() % 4; count > 0; --count) {
      principals += (random() % 3 == 0 ? "!" : "") + any_of(patterns) + (count > 1 ? "," : "");
    }
    const auto who = any_of(names);
    INFO(principals << " for " << who);
    const bool accepted = accepts(principals, who);
    CHECK(git::matches_pattern_list(who, principals) == accepted);
    if (git::is_excluded(who, principals)) CHECK_FALSE(accepted);
  }
}
