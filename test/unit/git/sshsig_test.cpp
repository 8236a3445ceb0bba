#include "git/sshsig.h"

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/error.h"
#include "git/ssh_key.h"
#include "git/ssh_wire.h"
#include "support/git_workshop.h"

using namespace greenwave;

namespace {

const std::string begin = "-----BEGIN SSH SIGNATURE-----\n";
const std::string end = "-----END SSH SIGNATURE-----\n";

std::string in_lines(std::string text, std::size_t length) {
  for (auto at = length; at < text.size(); at += length + 1) text.insert(at, "\n");
  return text + "\n";
}

std::string armored(const std::string& blob) {
  return begin + in_lines(encode_base64(blob), 70) + end;
}

std::string u32(unsigned value) {
  return git::wire_string(std::string(value, 'x')).substr(0, 4);
}

std::string key_of(const test::Workshop& workshop, const std::string& name) {
  const auto line = workshop.public_key(name);
  return decode_base64(line.substr(line.find(' ') + 1));
}

/// The signature that ssh-keygen makes for "hello".
git::SshSignature made(const test::Workshop& workshop, const std::string& name, const std::string& hash) {
  const auto file = workshop.directory() / ("hello-" + name + "-" + hash);
  std::ofstream(file) << "hello";
  workshop.run_in(workshop.directory(), {"ssh-keygen", "-q", "-Y", "sign", "-O", "hashalg=" + hash, "-n",
                                         "git", "-f", name, file.native()});
  return git::parse_ssh_signature(read_file(file.native() + ".sig", 64 * 1024));
}

}  // namespace

TEST_CASE(
    "sshsig: what ssh-keygen signs with either hash and every type of key verifies, other texts don't") {
  const test::Workshop workshop;
  for (const std::string bits : {"256", "384", "521"}) workshop.key("p" + bits, "ecdsa", bits);
  workshop.key("ed", "ed25519");
  workshop.key("rsa", "rsa", "3072");
  for (const std::string name : {"ed", "p256", "p384", "p521", "rsa"}) {
    for (const std::string hash : {"sha256", "sha512"}) {
      INFO(name << " " << hash);
      auto signature = made(workshop, name, hash);
      CHECK(signature.hash == hash);
      CHECK(signature.key == key_of(workshop, name));
      CHECK(git::verifies(signature, "hello"));
      CHECK_FALSE(git::verifies(signature, "hello "));
      CHECK_FALSE(git::verifies(signature, ""));
      auto other = signature;
      other.name_space = "file";
      CHECK_FALSE(git::verifies(other, "hello"));
      other = signature;
      other.reserved = "x";
      CHECK_FALSE(git::verifies(other, "hello"));
      other = signature;
      other.hash = hash == "sha256" ? "sha512" : "sha256";
      CHECK_FALSE(git::verifies(other, "hello"));
    }
  }
}

TEST_CASE("sshsig: ECDSA numbers of all lengths verify") {
  // r and s lose or gain a byte by their highest bits: a few dozen signatures see every case.
  const test::Workshop workshop;
  workshop.key("p256", "ecdsa", "256");
  for (int i = 0; i < 24; ++i) {
    const auto name = std::to_string(i);
    std::ofstream(workshop.directory() / name) << name;
    workshop.run_in(workshop.directory(),
                    {"ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", "p256", name});
    const auto signature =
        git::parse_ssh_signature(read_file(workshop.directory() / (name + ".sig"), 64 * 1024));
    CHECK(git::verifies(signature, name));
  }
}

TEST_CASE("sshsig: an RSA signature with SHA-1, or of another type than its key, is refused") {
  const test::Workshop workshop;
  workshop.key("rsa", "rsa", "2048");
  auto signature = made(workshop, "rsa", "sha512");
  const auto bytes = signature.signature;
  REQUIRE(bytes.substr(4, 12) == "rsa-sha2-512");
  signature.signature = git::wire_string("ssh-rsa") + bytes.substr(16);
  CHECK_THROWS_WITH(git::verifies(signature, "hello"),
                    Catch::Contains("an RSA signature with ssh-rsa is not"));
  signature.signature = git::wire_string("rsa-sha2-256") + bytes.substr(16);
  CHECK_FALSE(git::verifies(signature, "hello"));
  workshop.key("ed", "ed25519");
  auto edwards = made(workshop, "ed", "sha512");
  edwards.signature = bytes;
  CHECK_THROWS_WITH(git::verifies(edwards, "hello"), Catch::Contains("type differs from its key's"));
}

TEST_CASE("sshsig: no flipped bit of a signature or its key verifies, nor does a shortened one") {
  const test::Workshop workshop;
  workshop.key("ed", "ed25519");
  workshop.key("p256", "ecdsa", "256");
  for (const std::string name : {"ed", "p256"}) {
    const auto signature = made(workshop, name, "sha512");
    const auto holds = [](const git::SshSignature& each) {
      try {
        return git::verifies(each, "hello");
      } catch (const Error&) {
        return false;
      }
    };
    for (auto part : {&git::SshSignature::signature, &git::SshSignature::key}) {
      for (std::size_t i = 0; i < (signature.*part).size() * 8; ++i) {
        auto other = signature;
        auto& byte = (other.*part)[i / 8];
        byte = static_cast<char>(byte ^ (1 << i % 8));
        CHECK_FALSE(holds(other));
      }
      for (std::size_t size = 0; size < (signature.*part).size(); ++size) {
        auto other = signature;
        (other.*part).resize(size);
        CHECK_FALSE(holds(other));
      }
    }
  }
}

TEST_CASE("sshsig: a blob that is cut, too long, of another version or hash is refused") {
  const auto fields = [](const std::string& space, const std::string& hash) {
    return git::wire_string("key") + git::wire_string(space) + git::wire_string("") + git::wire_string(hash) +
           git::wire_string("signature");
  };
  const auto good = "SSHSIG" + u32(1) + fields("git", "sha512");
  CHECK(git::parse_ssh_signature(armored(good)).name_space == "git");
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_THROWS_AS(git::parse_ssh_signature(armored(good.substr(0, size))), Error);
  }
  CHECK_THROWS_AS(git::parse_ssh_signature(armored(good + "x")), Error);
  CHECK_THROWS_WITH(git::parse_ssh_signature(armored("SSHSIG" + u32(2) + fields("git", "sha512"))),
                    Catch::Contains("version is 2"));
  CHECK_THROWS_WITH(git::parse_ssh_signature(armored("SSHSIG" + u32(1) + fields("git", "sha1"))),
                    Catch::Contains("neither sha256 nor sha512"));
  CHECK_THROWS_WITH(git::parse_ssh_signature(armored("SSHSIG" + u32(1) + fields("", "sha512"))),
                    Catch::Contains("namespace is empty"));
  CHECK_THROWS_WITH(git::parse_ssh_signature(armored("SSHSIG" + u32(1) + "\xff\xff\xff\xff")),
                    Catch::Contains("is truncated"));
  CHECK_THROWS_WITH(git::parse_ssh_signature(std::string(70'000, 'A')), Catch::Contains("too long"));
}

TEST_CASE("sshsig: what ssh-keygen writes is the only way to write a signature") {
  const test::Workshop workshop;
  for (const std::string name : {"ed25519", "ecdsa", "rsa"}) {
    INFO(name);
    workshop.key(name, name);
    const auto signature = made(workshop, name, "sha512");
    const auto text = git::armored(signature);
    CHECK(git::parse_ssh_signature(text).signature == signature.signature);
    auto letters = text.substr(begin.size(), text.size() - begin.size() - end.size());
    std::erase(letters, '\n');
    std::vector<std::string> others{text + "\n", "\n" + text, " " + text, text.substr(0, text.size() - 1)};
    for (const std::size_t length : {1, 64, 69, 71, 76, 10'000}) {
      others.push_back(begin + in_lines(letters, length) + end);
    }
    for (const std::string blank : {" ", "\t", "\r", "\n", "="}) {
      for (const auto at : {begin.size(), begin.size() + 70, begin.size() + 71, text.size() - end.size()}) {
        others.push_back(std::string(text).insert(at, blank));
      }
    }
    for (const auto& other : others) {
      INFO(other);
      CHECK_THROWS_AS(git::parse_ssh_signature(other), Error);
    }
  }
}

TEST_CASE("sshsig: an ECDSA signature has a mirror image that verifies as well, and no other type has") {
  const test::Workshop workshop;
  for (const std::string bits : {"256", "384", "521"}) {
    INFO(bits);
    workshop.key("p" + bits, "ecdsa", bits);
    const auto signature = made(workshop, "p" + bits, "sha512");
    const auto mirrored = git::mirrored_signature(signature);
    REQUIRE(mirrored);
    CHECK(mirrored->signature != signature.signature);
    CHECK(git::verifies(*mirrored, "hello"));
    CHECK_FALSE(git::verifies(*mirrored, "hell"));
    CHECK(git::mirrored_signature(*mirrored)->signature == signature.signature);
    CHECK(git::parse_ssh_signature(git::armored(*mirrored)).signature == mirrored->signature);
  }
  for (const std::string type : {"ed25519", "rsa"}) {
    workshop.key(type, type);
    CHECK_FALSE(git::mirrored_signature(made(workshop, type, "sha512")));
  }
}

TEST_CASE("sshsig: an RSA signature is as long as its modulus") {
  // One in 256 begins with a zero, which could be left out.
  const test::Workshop workshop;
  workshop.key("rsa", "rsa", "2048");
  auto signature = made(workshop, "rsa", "sha512");
  const auto data = signature.signature.substr(4 + 12 + 4);
  CHECK(data.size() == 256);
  signature.signature = git::wire_string("rsa-sha2-512") + git::wire_string(std::string(1, '\0') + data);
  CHECK_FALSE(git::verifies(signature, "hello"));
}

TEST_CASE("sshsig: keys of hardware tokens, certificates and old types are refused by name") {
  const auto check = [](const std::string& type) { git::check_key(git::wire_string(type) + "rest"); };
  CHECK_THROWS_WITH(check("sk-ssh-ed25519@openssh.com"), Catch::Contains("hardware token"));
  CHECK_THROWS_WITH(check("sk-ecdsa-sha2-nistp256@openssh.com"), Catch::Contains("hardware token"));
  CHECK_THROWS_WITH(check("ssh-ed25519-cert-v01@openssh.com"), Catch::Contains("certificate"));
  CHECK_THROWS_WITH(check("ssh-dss"), Catch::Contains("ssh-dss are not accepted"));
}

TEST_CASE("sshsig: an elliptic key whose point is not on its curve is refused") {
  const test::Workshop workshop;
  workshop.key("p256", "ecdsa", "256");
  auto key = key_of(workshop, "p256");
  git::check_key(key);
  key.back() = static_cast<char>(key.back() ^ 1);
  CHECK_THROWS_WITH(git::check_key(key), Catch::Contains("malformed"));
}

TEST_CASE("sshsig: numbers that are negative, zero or padded are refused") {
  const auto read = [](const std::string& bytes) {
    const auto wire = git::wire_string(bytes);
    return std::string(git::WireReader(wire).magnitude());
  };
  CHECK(read("\x7f") == "\x7f");
  CHECK(read(std::string("\0\x80", 2)) == "\x80");
  for (const auto& bad :
       {std::string(), std::string("\0", 1), std::string("\x80"), std::string("\0\x7f", 2)}) {
    CHECK_THROWS_AS(read(bad), Error);
  }
}
