#include "secrets/sops.h"

#include <algorithm>
#include <iterator>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "support/sops_file.h"

using namespace greenwave;
using secrets::Keyring;
using test::SopsFile;

namespace {

const secrets::Identity ours = secrets::new_identity();

const std::string manifest = R"(
apiVersion: greenwave.dev/v1
kind: File
metadata: {name: snmp}
spec:
  path: /etc/snmp.conf
  json:
    community: Zm9vYmFy
    port: 161
    ratio: 0.25
    large: 1.0e+21
    trap: true
    off: false
    empty: ""
    nothing: null
    users: [{name: alice, key: k1}, {name: bob, key: k2}]
)";

std::vector<yaml::Node> load(const std::string& text) {
  Problems problems;
  auto documents = yaml::load_all(text, "s.yaml", problems);
  REQUIRE(problems.empty());
  return documents;
}

std::vector<yaml::Node> opened(const std::string& text, const Keyring& keys = {ours}) {
  auto documents = load(text);
  secrets::open_sops(documents, text, keys);
  return documents;
}

std::string refusal(const std::string& text, const Keyring& keys = {ours}) {
  auto documents = load(text);
  const auto before = documents;
  try {
    secrets::open_sops(documents, text, keys);
    return "opened";
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK_FALSE(error.remedy().empty());
    CHECK(same_value(documents[0], before[0]));
    return error.what();
  }
}

std::string exchanged(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

bool below_spec_json(const std::string& path) {
  return path.starts_with("spec:json:");
}

}  // namespace

TEST_CASE("sops: a document opens to what it was, types and all") {
  const auto plain = load(manifest);
  CHECK(same_value(opened(SopsFile{.recipients = {ours}}.of(manifest))[0], plain[0]));
  CHECK(same_value(opened(SopsFile{.recipients = {ours}, .chosen = below_spec_json}.of(manifest))[0],
                   plain[0]));
}

TEST_CASE("sops: what was encrypted is marked as secret, and nothing else") {
  const auto document = opened(SopsFile{.recipients = {ours}, .chosen = below_spec_json}.of(manifest))[0];
  CHECK(document.at({"spec", "json", "community"})->place.secret);
  CHECK(document.at({"spec", "json", "port"})->place.secret);
  CHECK_FALSE(document.at({"spec", "path"})->place.secret);
  CHECK_FALSE(document.at({"metadata", "name"})->place.secret);
  CHECK(document.at({"spec", "json", "community"})->place.line > 1);
}

TEST_CASE("sops: the documents of a file share their MAC") {
  const auto text = SopsFile{.recipients = {ours}}.of("a: 1\n---\nb: two\n---\nc: [w, x]\n");
  const auto documents = opened(text);
  REQUIRE(documents.size() == 3);
  CHECK(*documents[1].find("b")->string() == "two");
  CHECK(documents[1].find("sops") == nullptr);
  auto fewer = load(text);
  fewer.pop_back();
  CHECK_THROWS_WITH(secrets::open_sops(fewer, text, {ours}), Catch::Contains("its MAC does not match"));
}

TEST_CASE("sops: JSON is opened as well") {
  const auto document = load(SopsFile{.recipients = {ours}}.of(manifest))[0];
  const auto opened_json = opened(yaml::to_json(document).dump(2));
  CHECK(same_value(opened_json[0], load(manifest)[0]));
}

TEST_CASE("sops: a MAC of the encrypted values alone leaves the others open to change") {
  const SopsFile file{.recipients = {ours}, .chosen = below_spec_json, .mac_only_encrypted = true};
  const auto text = file.of(manifest);
  CHECK(same_value(opened(text)[0], load(manifest)[0]));
  CHECK(*opened(exchanged(text, "/etc/snmp.conf", "/etc/snmpd.conf"))[0].at({"spec", "path"})->string() ==
        "/etc/snmpd.conf");
  CHECK(refusal(exchanged(text, "mac_only_encrypted: true", "mac_only_encrypted: false")) != "opened");
}

TEST_CASE("sops: a value that was exchanged, moved, renamed or taken away is refused") {
  const SopsFile file{.recipients = {ours}, .chosen = below_spec_json};
  const auto text = file.of(manifest);
  REQUIRE(refusal(text) == "opened");
  CHECK(refusal(exchanged(text, "/etc/snmp.conf", "/etc/snmpd.conf")).find("its MAC does not match") !=
        std::string::npos);
  CHECK(refusal(exchanged(text, "community:", "Community:")).find("changed, or moved") != std::string::npos);
  CHECK(refusal(exchanged(text, "path: /etc/snmp.conf\n", "")) != "opened");
  // From one list item to another the path is the same, and the MAC alone tells.
  auto documents = load(text);
  auto* users = documents[0].find("spec")->find("json")->find("users")->sequence();
  std::swap((*users)[0], (*users)[1]);
  CHECK_THROWS_WITH(secrets::open_sops(documents, text, {ours}), Catch::Contains("its MAC does not match"));
}

TEST_CASE("sops: a file that was changed at any letter is refused, or says the same") {
  const auto text =
      SopsFile{.recipients = {ours}, .chosen = [](const std::string& path) { return path == "b:"; }}.of(
          "a: x\nb: secret\n");
  const auto plain = load("a: x\nb: secret\n")[0];
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    Problems problems;
    auto documents = yaml::load_all(changed, "s.yaml", problems);
    if (problems.has_errors() || documents.size() != 1 || !secrets::is_sops(documents[0])) continue;
    try {
      secrets::open_sops(documents, changed, {ours});
      // Keys are no values, and SOPS' MAC is over values alone.
      auto renamed = plain;
      renamed.map()->at(0).key = documents[0].map()->at(0).key;
      INFO(at << ": " << changed);
      CHECK(same_value(documents[0], renamed));
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::invalid);
    }
  }
}

TEST_CASE("sops: the error for a file that cannot be decrypted names its recipients and what to do") {
  const auto stranger = secrets::new_identity();
  const auto text = SopsFile{.recipients = {stranger}}.of("a: secret\n");
  const auto said = refusal(text);
  CHECK(said.find(stranger.recipient) != std::string::npos);
  CHECK(said.find("add " + ours.recipient + " to .sops.yaml") != std::string::npos);
  CHECK(refusal(text, {}).find("this device has no identity") != std::string::npos);
  SopsFile many;
  for (int i = 0; i < 12; ++i) many.recipients.push_back(secrets::new_identity());
  CHECK(refusal(many.of("a: secret\n")).find("and 7 more") != std::string::npos);
  CHECK(secrets::sops_recipients(load(many.of("a: b\n"))[0]).size() == 12);
}

TEST_CASE("sops: other key services are refused with what to do") {
  const auto text = SopsFile{.recipients = {ours}}.of("a: secret\n");
  CHECK(refusal(exchanged(text, "  age:", "  pgp:")).find("for keys of PGP only") != std::string::npos);
  CHECK(refusal(exchanged(text, "mac: ENC", "mac: EMC")).find("no SOPS MAC") != std::string::npos);
}

TEST_CASE("sops: an encrypted comment among a list's items goes away") {
  const SopsFile file{.recipients = {ours}};
  const auto text = file.of("a: [w, x]\n");
  auto documents = load(text);
  auto* items = documents[0].find("a")->sequence();
  items->emplace_back().value = file.value("a comment", "comment", "a:");
  std::rotate(items->begin(), std::prev(items->end()), items->end());
  secrets::open_sops(documents, text, {ours});
  CHECK(same_value(documents[0], load("a: [w, x]\n")[0]));
}

TEST_CASE("sops: numbers are written as SOPS writes them") {
  const auto bytes = [](double number) { return secrets::sops_bytes(yaml::Node{number, {}}); };
  CHECK(bytes(0.1) == "0.1");
  CHECK(bytes(1.0) == "1");
  CHECK(bytes(1e21) == "1000000000000000000000");
  CHECK(bytes(-2.5e-7) == "-0.00000025");
  CHECK(secrets::sops_bytes(yaml::Node{std::int64_t{-7}, {}}) == "-7");
  CHECK(secrets::sops_bytes(yaml::Node{false, {}}) == "False");
}
