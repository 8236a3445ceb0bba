#include "git/trust.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"
#include "support/git_workshop.h"

using namespace greenwave;
using test::Workshop;

namespace {

const std::string who = "ana@sf.example";

struct KeyKind {
  std::string name, type, bits;
};

const std::vector<KeyKind> kinds{{"ed25519", "ed25519", ""},
                                 {"p256", "ecdsa", "256"},
                                 {"p384", "ecdsa", "384"},
                                 {"p521", "ecdsa", "521"},
                                 {"rsa", "rsa", "2048"}};

/// A workshop with one key, and Trust in whatever line is given for it.
struct Signed : Workshop {
  std::string file = key("ana", "ed25519");

  git::Trust trust(const std::string& options = "") const {
    return {who + " " + options + " " + public_key("ana") + "\n", "allowed_signers"};
  }
};

const CommitId any("C");

std::string refusal(const git::Trust& trust, const std::string& object, const CommitId& commit = any) {
  try {
    trust.verify(object, commit);
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::untrusted);
    CHECK_FALSE(error.remedy().empty());
    return error.message();
  }
  return "accepted";
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

/// The object with `signature` as its gpgsig header in place of its own.
std::string resigned(std::string object, std::string signature) {
  const auto start = object.find("gpgsig ");
  if (start != std::string::npos) {
    auto end = start;
    do end = object.find('\n', end) + 1;
    while (object[end] == ' ');
    object.erase(start, end - start);
  }
  while (signature.ends_with('\n')) signature.pop_back();
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] == '\n') signature.insert(++i, " ");
  }
  return object.insert(object.find("\n\n") + 1, "gpgsig " + signature + "\n");
}

}  // namespace

TEST_CASE("trust: a commit that git signed with a key of each accepted type verifies") {
  const Workshop workshop;
  std::string lines;
  for (const auto& kind : kinds) {
    workshop.key(kind.name, kind.type, kind.bits);
    lines += kind.name + "@sf.example " + workshop.public_key(kind.name) + " a comment\n";
  }
  const git::Trust trust(lines, "allowed_signers");
  for (const auto& kind : kinds) {
    INFO(kind.name);
    const auto commit =
        workshop.commit("by " + kind.name + "\n\nwith a body\n", (workshop.directory() / kind.name).native());
    const auto signer = trust.verify(workshop.object(commit), commit);
    CHECK(signer.principal == kind.name + "@sf.example");
    CHECK(signer.key == workshop.fingerprint(kind.name));
  }
}

TEST_CASE("trust: every byte of a signed commit counts, whatever the type of the key") {
  const Workshop workshop;
  for (const auto& kind : kinds) {
    INFO(kind.name);
    const auto file = workshop.key(kind.name, kind.type, kind.bits);
    const git::Trust trust(who + " " + workshop.public_key(kind.name), "allowed_signers");
    workshop.write("base/motd", kind.name);
    const auto object = workshop.object(workshop.commit("green wave", file));
    REQUIRE(refusal(trust, object) == "accepted");
    for (std::size_t i = 0; i < object.size(); ++i) {
      auto tampered = object;
      tampered[i] = static_cast<char>(tampered[i] ^ 1);
      INFO("byte " << i);
      CHECK(refusal(trust, tampered) != "accepted");
    }
  }
}

TEST_CASE("trust: bytes put between, before or behind those of a signed commit are noticed") {
  const Signed signed_;
  const auto trust = signed_.trust();
  const auto object = signed_.object(signed_.commit("green wave", signed_.file));
  for (std::size_t i = 0; i <= object.size(); ++i) {
    auto longer = object;
    longer.insert(i, "x");
    INFO("at " << i);
    CHECK(refusal(trust, longer) != "accepted");
  }
  for (std::size_t size = 0; size < object.size(); ++size) {
    INFO("first " << size);
    CHECK(refusal(trust, object.substr(0, size)) != "accepted");
  }
}

TEST_CASE("trust: headers of several lines, encodings and merged tags are part of what is signed") {
  const Signed signed_;
  const auto trust = signed_.trust();
  signed_.commit("one");
  signed_.git({"checkout", "-q", "-b", "side"});
  signed_.commit("two", signed_.file);
  signed_.git(
      {"-c", "gpg.format=ssh", "-c", "user.signingkey=" + signed_.file, "tag", "-s", "-m", "v1", "v1"});
  signed_.git({"checkout", "-q", "main"});
  signed_.commit("three");
  signed_.git({"-c", "gpg.format=ssh", "-c", "user.signingkey=" + signed_.file, "-c",
               "i18n.commitEncoding=ISO-8859-1", "merge", "-q", "-S", "-m", "merge", "v1"});
  const CommitId commit(signed_.git({"rev-parse", "HEAD"}));
  const auto object = signed_.object(commit);
  REQUIRE(object.find("\nmergetag ") != std::string::npos);
  REQUIRE(object.find("\nencoding ") != std::string::npos);
  CHECK(trust.verify(object, commit).principal == who);
}

TEST_CASE("trust: an unsigned commit is refused, with what to do about it") {
  const Signed signed_;
  const auto commit = signed_.commit("no signature");
  CHECK(refusal(signed_.trust(), signed_.object(commit), commit) ==
        "commit " + commit.text() + " is not signed");
}

TEST_CASE("trust: PGP and X.509 signatures are distinguished from none") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x"));
  CHECK(has(refusal(signed_.trust(),
                    resigned(object, "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----")),
            "is signed with PGP"));
  CHECK(has(refusal(signed_.trust(),
                    resigned(object, "-----BEGIN SIGNED MESSAGE-----\nMII=\n-----END SIGNED MESSAGE-----")),
            "X.509"));
  CHECK(has(refusal(signed_.trust(), resigned(object, "hello")), "BEGIN or END line is missing"));
}

TEST_CASE("trust: a key that is not listed is refused with its fingerprint and the commit") {
  const Signed signed_;
  const auto commit = signed_.commit("by a stranger", signed_.key("stranger", "ecdsa"));
  const auto answer = refusal(signed_.trust(), signed_.object(commit), commit);
  CHECK(answer == "commit " + commit.text() + " is signed by the key " + signed_.fingerprint("stranger") +
                      ", which allowed_signers does not list");
}

TEST_CASE("trust: a file's signature is not valid for a commit") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("not yet signed"));
  const auto payload = signed_.directory() / "payload";
  const auto sign = [&](const std::string& space) {
    std::ofstream(payload, std::ios::binary) << object;
    std::filesystem::remove(payload.native() + ".sig");
    signed_.run_in(signed_.directory(),
                   {"ssh-keygen", "-q", "-Y", "sign", "-n", space, "-f", signed_.file, "payload"});
    return resigned(object, read_file(payload.native() + ".sig", 64 * 1024));
  };
  CHECK(refusal(signed_.trust(), sign("git")) == "accepted");
  CHECK(has(refusal(signed_.trust(), sign("file")), "for the namespace \"file\" instead of \"git\""));
}

TEST_CASE("trust: a line's namespaces must include git") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x", signed_.file));
  CHECK(refusal(signed_.trust("namespaces=\"git\""), object) == "accepted");
  CHECK(refusal(signed_.trust("namespaces=\"file,g*\""), object) == "accepted");
  CHECK(has(refusal(signed_.trust("namespaces=\"file\""), object),
            "which allowed_signers:1:1 allows for the namespaces \"file\" only"));
  CHECK(has(refusal(signed_.trust("namespaces=\"*,!git\""), object), "only"));
}

TEST_CASE("trust: a key's validity is compared with the commit's time, both ends included, as git does it") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x", signed_.file, "2026-06-01T12:00:00Z"));
  CHECK(refusal(signed_.trust("valid-after=\"20260601120000Z\""), object) == "accepted");
  CHECK(refusal(signed_.trust("valid-before=\"20260601120000Z\""), object) == "accepted");
  CHECK(has(refusal(signed_.trust("valid-after=\"20260601120001Z\""), object), "is not yet valid"));
  CHECK(has(
      refusal(signed_.trust("valid-before=\"20260601115959Z\""), object),
      "which has expired: allowed_signers:1:1 allows it until 2026-06-01T11:59:59Z, and the commit is from "
      "2026-06-01T12:00:00Z"));
}

TEST_CASE("trust: of several lines for a key, one that allows the commit is enough") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x", signed_.file));
  const auto key = signed_.public_key("ana");
  const git::Trust trust("old@sf.example valid-before=\"20200101\" " + key + "\nnew@sf.example " + key,
                         "allowed_signers");
  CHECK(trust.verify(object, any).principal == "new@sf.example");
}

TEST_CASE("trust: the signer is the committer where the principals mean it, else the first principal") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x", signed_.file));
  const auto key = " " + signed_.public_key("ana");
  CHECK(git::Trust("bo@sf.example,*@sf.example" + key, "f").verify(object, any).principal == who);
  CHECK(git::Trust("bo@sf.example" + key, "f").verify(object, any).principal == "bo@sf.example");
  CHECK(git::Trust("!olga@sf.example,*" + key, "f").verify(object, any).principal == who);
}

TEST_CASE("trust: a signature is claimed for the people whose names the key's lines have, without patterns") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x", signed_.file));
  const auto key = " " + signed_.public_key("ana");
  const auto claimed = [&](const std::string& lines) {
    return git::Trust(lines, "f").claimed(object).principals;
  };
  using Names = std::vector<std::string>;
  CHECK(claimed(who + key) == Names{who});
  CHECK(claimed("bo@sf.example,*@sf.example" + key + "\ncarl@sf.example" + key) ==
        Names{"bo@sf.example", "carl@sf.example"});
  CHECK(claimed("*" + key).empty());
  CHECK(claimed("bo@sf.example,!ana@*" + key).empty());
  CHECK(claimed("bo@sf.example namespaces=\"file\"" + key).empty());
  CHECK(claimed("bo@sf.example valid-before=\"20200101\"" + key).empty());
  CHECK(git::Trust(who + key, "f").claimed(signed_.object(signed_.commit("unsigned"))).principals.empty());
  CHECK(git::Trust(who + key, "f").claimed("no commit").principals.empty());
}

TEST_CASE("trust: a line does not hold for a committer whom one of its principals excludes") {
  const Signed signed_;
  const auto object = signed_.object(signed_.commit("x", signed_.file));
  const auto key = " " + signed_.public_key("ana");
  for (const std::string principals : {"!ana@sf.example,*", "*,!ana@*", "\"!*@sf.example,ana@sf.example\"",
                                       "bo@sf.example,!ana@sf.example"}) {
    INFO(principals);
    CHECK(has(refusal(git::Trust(principals + key, "allowed_signers"), object),
              "which allowed_signers:1:1 does not allow for the committer ana@sf.example"));
  }
  CHECK(git::Trust("!ana@*,*" + key + "\n" + who + key, "f").verify(object, any).principal == who);
}

TEST_CASE(
    "trust: whoever serves a signed commit can write it in no other way, but for ECDSA's other signature") {
  const Workshop workshop;
  for (const auto& kind : kinds) {
    INFO(kind.name);
    const auto file = workshop.key(kind.name, kind.type, kind.bits);
    const git::Trust trust(who + " " + workshop.public_key(kind.name), "allowed_signers");
    const auto object = workshop.object(workshop.commit("green wave", file));
    const auto with = [&](const std::string& text) {
      return std::string(object).insert(object.find("\n\n") + 1, text);
    };
    const auto signature_at = object.find("gpgsig ");
    std::vector<std::string> others{with("gpgsig-sha256 x\n"), with("gpgsig-sha256 -----BEGIN\n y\n"),
                                    with(" \n"), with("\n"),
                                    std::string(object).insert(signature_at, "gpgsig-sha256 x\n")};
    for (auto at = object.find('\n', signature_at); at < object.find("\n\n");
         at = object.find('\n', at + 1)) {
      for (const std::string more : {" ", "\r", "\n ", "\t"}) {
        others.push_back(std::string(object).insert(at, more));
        others.push_back(std::string(object).insert(at + 2, more));
      }
    }
    for (const auto& other : others) {
      INFO(other);
      CHECK(refusal(trust, other) != "accepted");
    }
    const auto parts = git::take_apart(object);
    CHECK(git::put_together(parts) == object);
    const auto mirrored = git::mirrored_signature(git::parse_ssh_signature(parts.signature));
    CHECK(mirrored.has_value() == (kind.type == "ecdsa"));
    if (mirrored) CHECK(refusal(trust, resigned(object, git::armored(*mirrored))) == "accepted");
  }
}

TEST_CASE("trust: a signature stands behind all other headers") {
  const Signed signed_;
  const auto trust = signed_.trust();
  signed_.git({"-c", "gpg.format=ssh", "-c", "user.signingkey=" + signed_.file, "-c",
               "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-S", "-m", "x"});
  const auto object = signed_.object(CommitId(signed_.git({"rev-parse", "HEAD"})));
  REQUIRE(refusal(trust, object) == "accepted");
  auto moved = object;
  const std::string encoding = "encoding ISO-8859-1\n";
  moved.erase(moved.find(encoding), encoding.size());
  moved.insert(moved.find("\n\n") + 1, encoding);
  CHECK(has(refusal(trust, moved), "is not written as git writes a signed commit"));
}

TEST_CASE("trust: RSA keys count with SHA-2 and 2,048 bits or more only") {
  const Workshop workshop;
  workshop.key("short", "rsa", "1024");
  CHECK_THROWS_WITH(git::Trust(who + " " + workshop.public_key("short"), "allowed_signers"),
                    Catch::Contains("allows nobody"));
  workshop.key("ana", "ed25519");
  const git::Trust trust(
      who + " " + workshop.public_key("short") + "\n" + who + " " + workshop.public_key("ana"),
      "allowed_signers");
  REQUIRE(trust.warnings().size() == 1);
  CHECK(
      has(to_string(trust.warnings().list()[0]), "allowed_signers:1:16: warning: the RSA key has 1024 bits"));
}

TEST_CASE("trust: a commit whose headers could be read in two ways is refused") {
  const Signed signed_;
  const auto trust = signed_.trust();
  signed_.commit("first");
  const auto object = signed_.object(signed_.commit("second", signed_.file));
  const auto signature_at = object.find("gpgsig ");
  const auto signature_end = object.find("-----END SSH SIGNATURE-----\n") + 28;
  const auto signature = object.substr(signature_at, signature_end - signature_at);
  auto moved = object;
  moved.erase(signature_at, signature.size());
  for (const std::string before : {"tree ", "parent ", "author ", "committer "}) {
    auto elsewhere = moved;
    elsewhere.insert(elsewhere.find(before), signature);
    INFO(before);
    CHECK(has(refusal(trust, elsewhere), "out of order"));
  }
  auto twice = object;
  CHECK(has(refusal(trust, twice.insert(signature_at, signature)), "two signatures"));
}
