#include "git/known_hosts.h"

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/process.h"
#include "git/ssh_key.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using git::KnownHosts;
using Verdict = git::KnownHosts::Verdict;

namespace {

std::string output_of(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  return run(command).output;
}

/// A key pair's public half: as a known_hosts line has it, and as it goes over the wire.
struct Key {
  explicit Key(const test::TemporaryDirectory& directory, const std::string& name, const std::string& type) {
    const auto file = (directory / name).native();
    output_of({"ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f", file});
    text = read_file(file + ".pub", 4096);
    text.erase(text.find_last_not_of(" \n") + 1);
    const auto encoded = text.substr(text.find(' ') + 1);
    wire = output_of({"sh", "-c", "printf %s '" + encoded + "' | base64 -d"});
    print = output_of({"sh", "-c", "ssh-keygen -l -f " + file + ".pub | cut -d' ' -f2"});
    print.pop_back();
  }
  std::string text, wire, print;
};

}  // namespace

TEST_CASE("known_hosts: names, patterns, ports and negations choose the keys as ssh does") {
  const test::TemporaryDirectory directory;
  const Key key(directory, "a", "ed25519");
  const Key other(directory, "b", "ed25519");
  const Key ecdsa(directory, "c", "ecdsa");
  const auto judge = [&](const std::string& names, const std::string& host, unsigned port = 22) {
    return KnownHosts("# comment\n\n" + names + " " + key.text + " a comment\n", host, port).judge(key.wire);
  };
  CHECK(judge("git.example", "git.example") == Verdict::known);
  CHECK(judge("git.example", "GIT.Example") == Verdict::known);
  CHECK(judge("other,git.example,1.2.3.4", "git.example") == Verdict::known);
  CHECK(judge("*.example", "git.example") == Verdict::known);
  CHECK(judge("g?t.example", "git.example") == Verdict::known);
  CHECK(judge("*.example,!git.example", "git.example") == Verdict::unknown);
  CHECK(judge("git.example", "git.example", 2222) == Verdict::unknown);
  CHECK(judge("[git.example]:2222", "git.example", 2222) == Verdict::known);
  CHECK(judge("@cert-authority git.example", "git.example") == Verdict::unknown);
  CHECK(judge("@revoked git.example", "git.example") == Verdict::revoked);

  const KnownHosts hosts("git.example " + key.text + "\n", "git.example", 22);
  CHECK(hosts.judge(other.wire) == Verdict::changed);
  CHECK(hosts.judge(ecdsa.wire) == Verdict::unknown);
  CHECK(hosts.judge("") == Verdict::unknown);
  CHECK(hosts.types() == std::vector<std::string>{"ssh-ed25519"});
  CHECK(git::fingerprint(key.wire) == key.print);
}

TEST_CASE("known_hosts: names that ssh-keygen has hashed are found") {
  const test::TemporaryDirectory directory;
  const Key key(directory, "a", "ed25519");
  const auto file =
      directory.write("known_hosts", "git.example " + key.text + "\n[gw]:2222 " + key.text + "\n");
  output_of({"ssh-keygen", "-q", "-H", "-f", file.native()});
  const auto text = read_file(file, 4096);
  REQUIRE(text.find("git.example") == std::string::npos);
  CHECK(KnownHosts(text, "git.example", 22).judge(key.wire) == Verdict::known);
  CHECK(KnownHosts(text, "gw", 2222).judge(key.wire) == Verdict::known);
  CHECK(KnownHosts(text, "gw", 22).judge(key.wire) == Verdict::unknown);
}

TEST_CASE("known_hosts: broken lines are skipped") {
  for (const auto* text :
       {"", "git.example", "git.example ssh-ed25519", "git.example ssh-ed25519 !!!!",
        "git.example ssh-ed25519 AAAA", "|1|x|y ssh-ed25519 AAAA", "|||| a b", "@revoked"}) {
    CHECK(KnownHosts(text, "git.example", 22).types().empty());
  }
}
