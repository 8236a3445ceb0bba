#include "git/signed_tag.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/trust.h"
#include "support/git_workshop.h"

using namespace greenwave;
using test::Workshop;

namespace {

const std::string who = "ana@sf.example";

/// A workshop with a commit that a host's button made, and somebody who may tag it.
struct City : Workshop {
  std::string file = key("ana", "ed25519");
  CommitId merge = commit("Merge pull request #7");
  git::Trust trust{who + " namespaces=\"git\" " + public_key("ana") + "\n", "allowed_signers"};

  std::string name() const { return "greenwave/" + merge.text(); }
  /// Makes a tag with these words of git tag, and returns its object.
  std::string tag(std::vector<std::string> words, const std::string& key) const {
    words.insert(words.begin(), {"-c", "gpg.format=ssh", "-c", "user.signingkey=" + key, "tag"});
    git(words);
    return object_of(words.at(words.size() - 2));
  }
  std::string object_of(const std::string& name) const {
    return run_in(city(), {"git", "cat-file", "tag", "refs/tags/" + name});
  }
  std::string good() const { return tag({"-f", "-s", "-m", "Approved", name(), merge.text()}, file); }

  std::string refusal(const std::string& object) const {
    try {
      return "accepted, of " + trust.verify_tag(object, merge).principal;
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::untrusted);
      CHECK_FALSE(error.remedy().empty());
      return error.message();
    }
  }
};

bool says(const std::string& what, const std::string& part) {
  INFO(what);
  CHECK(what.find(part) != std::string::npos);
  return what.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("signed tag: one that git signed on the commit vouches for it") {
  const City city;
  CHECK(city.refusal(city.good()) == "accepted, of " + who);
  CHECK(git::vouching_ref(city.merge) == "refs/tags/" + city.name());
  const auto parts = git::take_tag_apart(city.good());
  CHECK(parts.commit == city.merge);
  CHECK(parts.message == "Approved\n");
  CHECK(parts.tagger == who);
}

TEST_CASE("signed tag: every byte of one counts") {
  const City city;
  const auto good = city.good();
  for (std::size_t i = 0; i < good.size(); ++i) {
    INFO("byte " << i);
    auto changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(city.refusal(changed).find("accepted, of") == std::string::npos);
    CHECK(city.refusal(good.substr(0, i)).find("accepted, of") == std::string::npos);
    CHECK(city.refusal(std::string(good).insert(i, "x")).find("accepted, of") == std::string::npos);
  }
}

TEST_CASE("signed tag: one that points elsewhere, or was moved here, vouches for nothing") {
  const City city;
  const auto other = city.commit("another");
  says(city.refusal(city.tag({"-s", "-m", "x", city.name(), other.text()}, city.file)),
       "is on commit " + other.text());
  says(city.refusal(city.tag({"-s", "-m", "x", "v1", city.merge.text()}, city.file)), "was made as v1");
}

TEST_CASE("signed tag: one on another tag, or on a tree, is refused by what it is on") {
  const City city;
  city.good();
  city.git({"update-ref", "refs/tags/inner", "refs/tags/" + city.name()});
  says(city.refusal(city.tag({"-f", "-s", "-m", "x", city.name(), "inner"}, city.file)),
       "not on a commit, but on a tag");
  says(city.refusal(city.tag({"-f", "-s", "-m", "x", city.name(), "HEAD^{tree}"}, city.file)),
       "not on a commit, but on a tree");
}

TEST_CASE("signed tag: a stranger's, an unsigned one, and one for another namespace are refused") {
  const City city;
  const auto stranger = city.key("mallory", "ed25519");
  says(city.refusal(city.tag({"-f", "-s", "-m", "x", city.name(), city.merge.text()}, stranger)),
       "which allowed_signers does not list");
  says(city.refusal(city.tag({"-f", "-a", "-m", "x", city.name(), city.merge.text()}, city.file)),
       "is not signed");
  const auto parts = git::take_tag_apart(city.good());
  city.write("payload", parts.payload);
  city.run_in(city.city(), {"ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", city.file, "payload"});
  says(city.refusal(parts.payload + read_file(city.city() / "payload.sig", 4096)),
       "for the namespace \"file\"");
}

TEST_CASE("signed tag: PGP and X.509 are refused by name") {
  const City city;
  const auto payload = git::take_tag_apart(city.good()).payload;
  says(city.refusal(payload + "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"),
       "is signed with PGP; only SSH");
  says(city.refusal(payload + "-----BEGIN SIGNED MESSAGE-----\nx\n-----END SIGNED MESSAGE-----\n"),
       "is signed with an X.509 certificate; only SSH");
}

TEST_CASE("signed tag: a signature in the message, before the one that counts, is part of the message") {
  const City city;
  const auto inner = git::take_tag_apart(city.good()).signature;
  city.write("message", "Approved\n\n" + inner + "\nand more\n");
  const auto object = city.tag({"-f", "-s", "-F", "message", city.name(), city.merge.text()}, city.file);
  CHECK(city.refusal(object) == "accepted, of " + who);
  CHECK(city.refusal(object + "x\n").find("accepted, of") == std::string::npos);
}
