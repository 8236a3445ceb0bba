#include "secrets/sops_file.h"

#include <cmath>
#include <cstring>
#include <random>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "base/file.h"
#include "secrets/encrypted_file.h"
#include "secrets/go_value.h"
#include "secrets/shamir.h"
#include "secrets/sops.h"
#include "support/sops_file.h"
#include "support/source_directory.h"

using namespace greenwave;
using namespace std::string_literals;
using Catch::Contains;

namespace {

/// Whom the examples are for, which the real sops encrypted.
const auto keys = secrets::read_identities(
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "test");

std::string example(const std::string& name) {
  return read_file(test::source_directory() / "test/fuzz/sops" / name, 1 << 20);
}

std::string opened(const std::string& name, const std::string& text) {
  return secrets::open_sops_file(name, text, keys);
}

std::string refusal(const std::string& text, const secrets::Keyring& with = keys) {
  try {
    secrets::open_sops_file("files/a", text, with);
    return "opened";
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK_FALSE(error.remedy().empty());
    return error.message();
  }
}

std::string exchanged(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("sops: what only knows of SOPS is not what SOPS has written") {
  const std::string value = "ENC[AES256_GCM,data:Zm9v,iv:aXY=,tag:dGFn,type:str]";
  for (const auto& file : {"{\n\t\"a\": \"" + value + "\",\n\t\"sops\": {\"mac\": \"\"}\n}\n",
                           "a: " + value + "\nsops:\n  mac: x\n", "sops:\n  mac: x\na: " + value + "\n",
                           "[a]\nb = " + value + "\n\n[sops]\nmac = x\n", "A=" + value + "\nsops_mac=x\n"}) {
    CHECK(secrets::looks_like_sops(file));
    CHECK_FALSE(secrets::looks_like_sops("#!/bin/sh\ncat <<END\n" + file + "END\n"));
    CHECK_FALSE(secrets::looks_like_sops("\x7f" + std::string("ELF\0\0", 5) + file));
  }
  CHECK_FALSE(
      secrets::looks_like_sops("import json\nif value.startswith('ENC[AES256_GCM,data:'):\n    "
                               "json.loads('{\"sops\": {}}')\n"));
  CHECK_FALSE(secrets::looks_like_sops("a: " + value + "\nb: {sops: here}\n"));
  CHECK_FALSE(secrets::looks_like_sops("a: b\nsops:\n  mac: x\n"));
  CHECK_FALSE(secrets::looks_like_sops(""));
}

TEST_CASE("sops file: each format opens to what sops makes of it") {
  CHECK(opened("a.env", example("dotenv")) ==
        "# who may ask\nUSER=alice\nPASSWORD=one=two # three\nEMPTY=\nLINES=a\\nb\nFREE=clear\n");
  CHECK(opened("a.ini", example("ini")) ==
        "; of the section\n[database]\nuser     = alice\n; rotate it\npassword = \"hunter2 \"\n"
        "hash     = `#1;2`\nmulti    = \"\"\"a\nb\"\"\"\nfree     = clear\n\n[empty]\n");
  CHECK(opened("a.p12", example("binary")) == "\0\1not text\xff\n"s);
  CHECK(opened("a.yaml", example("key_groups")) == "a: grouped\n");
}

TEST_CASE(
    "sops file: numbers, times and infinity count for the MAC as Go prints them, and open to themselves") {
  Problems problems;
  const auto document = yaml::load(opened("a.yaml", example("numbers")), "a.yaml", problems);
  REQUIRE(document);
  const auto* secret = document->find("secret");
  CHECK(std::get<double>(secret->find("large")->value) == 1e23);
  CHECK(std::get<double>(secret->find("huge")->value) == 123456789012345678901234567890.0);
  CHECK(std::isinf(std::get<double>(secret->find("endless")->value)));
  CHECK(std::get<double>(secret->find("small")->value) == 5e-324);
  CHECK(*secret->find("when")->string() == "2026-11-24T05:06:07.25+02:00");
  CHECK(std::get<bool>(secret->find("flag")->value));
  CHECK(secret->find("empty")->string()->empty());
  CHECK(secret->find("none")->is_null());
  REQUIRE(secret->find("list")->sequence()->size() == 2);
}

TEST_CASE("sops file: what somebody changed is refused, in each format, and none of it is shown") {
  const std::tuple<const char*, const char*, const char*> changes[] = {
      {"dotenv", "FREE=clear", "FREE=other"},
      {"dotenv", "\nUSER=", "\nuser="},
      {"dotenv", "EMPTY=\n", "EMPTY=\nMORE=1\n"},
      {"ini", "free     = clear", "free     = other"},
      {"ini", "[database]", "[Database]"},
      {"ini", "password =", "passwort ="},
      {"numbers", "mode: 0644", "mode: 0640"},
      {"numbers", "day: 2026-11-24", "day: 2026-11-25"},
      {"numbers", "    large: 1e23", "    large: 2e23"}};
  for (const auto& [name, from, to] : changes) {
    const auto why = refusal(exchanged(example(name), from, to));
    INFO(name << ": " << from);
    CHECK_THAT(why, Contains("MAC does not match") || Contains("was changed, or moved"));
    CHECK_THAT(why, !Contains("alice") && !Contains("other"));
  }
  CHECK(refusal(exchanged(example("numbers"), "hex: 0x1F", "hex: 31")) == "opened");
  CHECK_THAT(refusal(exchanged(example("dotenv"), "\nEMPTY=", "\nEMPTY")),
             Contains("its line 4 is not as sops"));
  CHECK_THAT(refusal(exchanged(example("ini"), "free     = clear", "free")),
             Contains("not as sops writes it"));
}

TEST_CASE("sops file: who it is for is said where it is for others") {
  const auto stranger = secrets::new_identity();
  for (const auto* name : {"dotenv", "ini", "binary", "numbers"}) {
    CHECK_THAT(refusal(example(name), {stranger}),
               Contains("for " + keys[0].recipient) && Contains("not for this device"));
    CHECK(secrets::sops_file_recipients(name, example(name)) == std::vector{keys[0].recipient});
    CHECK(secrets::sealing_of(example(name)) == secrets::Sealing::sops);
  }
  CHECK(secrets::sealing_of("sops: none\nof: this\n") == secrets::Sealing::none);
}

TEST_CASE("sops: key groups take as many as their threshold, and keys that no device has are named") {
  const auto text = example("key_groups");
  CHECK_THAT(refusal(exchanged(text, "shamir_threshold: 2", "shamir_threshold: 3")),
             Contains("for 3 key groups of which it takes 3, and this device is in 2"));
  CHECK_THAT(refusal(text, {secrets::new_identity()}), Contains("not for this device"));
  CHECK_THAT(refusal("a: ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QUFBQUFBQUFBQUFBQUFBQQ==,type:str]\n"
                     "sops:\n  pgp: [{fp: A}]\n  gcp_kms: [{enc: x}]\n  mac: x\n"),
             Contains("for keys of PGP and GCP KMS only, which no device has"));
  CHECK_THAT(refusal(exchanged(example("numbers"), "type:bool", "type:tuple")),
             Contains("of type \"tuple\", which SOPS 3 does not have"));
}

TEST_CASE("sops: Go's numbers have as many digits as it takes, and never an exponent") {
  CHECK(secrets::go_text(1e23) == "1" + std::string(23, '0'));
  CHECK(secrets::go_text(123456789012345678901234567890.0) == "123456789012345680000000000000");
  CHECK(secrets::go_text(-0.0) == "-0");
  CHECK(secrets::go_text(1.5) == "1.5");
  CHECK(secrets::go_text(5e-324) == "0." + std::string(323, '0') + "5");
  const auto seed = GENERATE(range(1U, 200U));
  std::mt19937_64 random(seed);
  const auto bits = random();
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  if (!std::isfinite(number)) return;
  const auto text = secrets::go_text(number);
  CHECK(std::strtod(text.c_str(), nullptr) == number);
  CHECK(text.find('e') == text.npos);
}

TEST_CASE("sops: plain scalars are what Go's reader of YAML takes them for") {
  const std::pair<const char*, const char*> scalars[] = {
      {"0644", "420"},
      {"0o17", "15"},
      {"0x1f", "31"},
      {"-0b11", "-3"},
      {"1_000", "1000"},
      {"08", "8"},
      {"1e3", "1000"},
      {".5", "0.5"},
      {"+.inf", "+Inf"},
      {".NaN", "NaN"},
      {"1e999", "1e999"},
      {"True", "True"},
      {"yes", "yes"},
      {"~", ""},
      {"0x", "0x"},
      {"12:30:45", "12:30:45"},
      {"2026-1-2", "2026-01-02T00:00:00Z"},
      {"2026-02-30", "2026-02-30"},
      {"2026-11-24 5:06:07.50", "2026-11-24T05:06:07.5Z"},
      {"2026-11-24T05:06:07+00:00", "2026-11-24T05:06:07Z"},
      {"2026-11-24T05:06:07-07:30", "2026-11-24T05:06:07-07:30"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"12345678901234567890123", "12345678901234568000000"}};
  for (const auto& [plain, bytes] : scalars) CHECK(secrets::go_bytes(plain, "") == bytes);
  CHECK(secrets::go_bytes("0644", "str") == "0644");
  CHECK(secrets::go_bytes("QQ==", "binary") == "A");
}

TEST_CASE("shamir: any shares of one secret make it, and others do not") {
  // The points of 42 + 7x and 1 + 200x, byte by byte, in the field that the scheme is over.
  const std::vector<std::string> shares{"\x2d\xc9\x01"s, "\x24\x8a\x02"s, "\x23\x42\x03"s};
  CHECK(secrets::combine_shares({shares[0], shares[1]}) == "\x2a\x01"s);
  CHECK(secrets::combine_shares({shares[2], shares[1]}) == "\x2a\x01"s);
  CHECK(secrets::combine_shares(shares) == "\x2a\x01"s);
  CHECK_FALSE(secrets::combine_shares({shares[0]}));
  CHECK_FALSE(secrets::combine_shares({shares[0], shares[0]}));
  CHECK_FALSE(secrets::combine_shares({shares[0], "\x24\x02"s}));
}
