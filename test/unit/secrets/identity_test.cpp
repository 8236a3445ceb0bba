#include "secrets/identity.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "git/ssh_wire.h"
#include "secrets/age.h"
#include "secrets/bech32.h"
#include "support/age_file.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using secrets::read_identities;

namespace {

std::string refusal(const std::string& text) {
  try {
    read_identities(text, "/etc/greenwave/identity");
    return "read";
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK_FALSE(error.remedy().empty());
    return error.what();
  }
}

/// A key made by ssh-keygen; the text of the file and of its .pub.
struct SshKey {
  explicit SshKey(const std::string& type = "ed25519", const std::string& passphrase = "") {
    const auto path = directory.path() / "key";
    const auto made = run(
        {.argv = {"ssh-keygen", "-q", "-t", type, "-N", passphrase, "-C", "a comment", "-f", path.native()},
         .environment = {},
         .while_waiting = {}});
    REQUIRE(made.status == 0);
    secret = read_file(path, 1 << 16);
    shown = read_file(path.native() + ".pub", 1 << 16);
  }

  test::TemporaryDirectory directory;
  std::string secret;
  std::string shown;
};

}  // namespace

TEST_CASE("bech32: text has one form, whose letters are all checked") {
  const auto text = secrets::encode_bech32({"age", std::string(32, '\x5a')});
  CHECK(secrets::decode_bech32(text).bytes == std::string(32, '\x5a'));
  CHECK(secrets::decode_bech32(text).prefix == "age");
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = changed[i] == 'q' ? 'p' : 'q';
    INFO(i);
    CHECK_THROWS_AS(secrets::decode_bech32(changed), Error);
    CHECK_THROWS_AS(secrets::decode_bech32(text.substr(0, i)), Error);
  }
  auto mixed = text;
  mixed[10] = static_cast<char>(std::toupper(mixed[10]));
  if (mixed != text) CHECK_THROWS_AS(secrets::decode_bech32(mixed), Error);
}

TEST_CASE("identity: a new one is read back from its text, among comments") {
  const auto made = secrets::new_identity();
  CHECK(made.recipient.starts_with("age1"));
  CHECK(secrets::to_text(made).starts_with("AGE-SECRET-KEY-1"));
  const auto keys = read_identities("# created: today\n\n" + secrets::to_text(made) + "\r\n", "x");
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].recipient == made.recipient);
  CHECK(keys[0].scalar == made.scalar);
  CHECK(secrets::new_identity().recipient != made.recipient);
}

TEST_CASE("identity: what is wrong is said with its line, and without a letter of it") {
  auto text = secrets::to_text(secrets::new_identity());
  text.pop_back();
  const auto said = refusal("# mine\n" + text + "\n");
  CHECK(said.find("/etc/greenwave/identity:2: ") != std::string::npos);
  CHECK(said.find(text.substr(20)) == std::string::npos);
  CHECK(refusal("").find("no identity in this file") != std::string::npos);
  CHECK(refusal("# nothing\n").find("no identity in this file") != std::string::npos);
  CHECK(
      refusal("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj").find("not an age identity") !=
      std::string::npos);
  CHECK(refusal("AGE-PLUGIN-YUBIKEY-1QQ").find("not supported") != std::string::npos);
}

TEST_CASE("identity: an OpenSSH key of ed25519 opens what is encrypted for it") {
  const SshKey key;
  const auto keys = read_identities(key.secret, "x");
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].recipient == secrets::normal_recipient(key.shown));
  CHECK(secrets::open_age(test::AgeFile{}.add(keys[0]).holding("secret"), keys) == "secret");
  const SshKey other;
  CHECK_THROWS_AS(
      secrets::open_age(test::AgeFile{}.add(keys[0]).holding("secret"), read_identities(other.secret, "x")),
      Error);
}

TEST_CASE("identity: an OpenSSH key that nobody could use on a device is refused") {
  CHECK(refusal(SshKey("ed25519", "a passphrase").secret).find("has a passphrase") != std::string::npos);
  CHECK(refusal(SshKey("ecdsa").secret).find("not of the type ed25519") != std::string::npos);
}

TEST_CASE("identity: an OpenSSH key that was changed or cut off is refused, or is the same key") {
  const SshKey key;
  const auto begin = key.secret.find('\n') + 1;
  const auto size = key.secret.find("-----END") - begin;
  std::string letters = key.secret.substr(begin, size);
  std::erase(letters, '\n');
  const auto blob = decode_base64(letters);
  const auto recipient = read_identities(key.secret, "x")[0].recipient;
  const auto file = [](const std::string& bytes) {
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + encode_base64(bytes) +
           "\n-----END OPENSSH PRIVATE KEY-----\n";
  };
  for (std::size_t i = 0; i < blob.size(); ++i) {
    INFO(i);
    CHECK(refusal(file(blob.substr(0, i))) != "read");
    auto changed = blob;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    if (refusal(file(changed)) == "read") {
      CHECK(read_identities(file(changed), "x")[0].recipient == recipient);
    }
  }
}

TEST_CASE("identity: recipients are compared in one form") {
  const SshKey key;
  const auto normal = secrets::normal_recipient(key.shown);
  REQUIRE(normal);
  CHECK(normal->find("comment") == std::string::npos);
  CHECK(secrets::normal_recipient("  " + *normal + " alice@city\n") == normal);
  const auto age = secrets::new_identity().recipient;
  CHECK(secrets::normal_recipient(age) == age);
  CHECK_FALSE(secrets::normal_recipient(age.substr(0, 20)));
  CHECK_FALSE(secrets::normal_recipient("ssh-ed25519"));
  CHECK_FALSE(secrets::normal_recipient("ssh-rsa AAAA"));
  CHECK_FALSE(secrets::normal_recipient(
      "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"));
}
