#include <catch2/catch.hpp>

#include "support/sops_file.h"
#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Matchers::Contains;

namespace {

const secrets::Identity ours = secrets::new_identity();
const render::Identity device{"sf-0042", {}, {}, secrets::Keyring{ours}, "digest key"};

bool is_content(const std::string& path) {
  return path == "spec:content:" || path == "spec:mode:";
}

std::string encrypted(const std::string& text, const secrets::Identity& recipient = ours) {
  return SopsFile{.recipients = {recipient}, .chosen = is_content}.of(text);
}

std::string all_problems(const render::Rendered& rendered) {
  std::string text;
  for (const auto& line : problems(rendered)) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("render: what SOPS encrypted is opened, and its manifest is sensitive") {
  const auto result = rendered({{"a.yaml", encrypted(file_named("a", "{path: /etc/a, content: hunter2}"))},
                                {"b.yaml", file_named("b", "{path: /etc/b, content: plain}")}},
                               device);
  CHECK(problems(result).empty());
  CHECK(spec(result, "a")["content"] == "hunter2");
  CHECK_FALSE(document(result, "a").contains("sops"));
  REQUIRE(result.manifests.size() == 2);
  CHECK(result.manifests[0].sensitive);
  CHECK_FALSE(result.manifests[1].sensitive);
}

TEST_CASE("render: layers merge over what was encrypted, and into it") {
  const auto base = encrypted(file_named("a", "{path: /etc/a, content: hunter2}"));
  const auto result = rendered({{"greenwave.yaml", cluster("{layers: [{path: base}, {path: top}]}")},
                                {"base/a.yaml", base},
                                {"base/b.yaml", file_named("b", "{path: /etc/b, content: plain}")},
                                {"top/a.yaml", file_named("a", "{owner: snmp}")},
                                {"top/b.yaml", encrypted(file_named("b", "{content: hunter3}"))}},
                               device);
  CHECK(spec(result, "a") == nlohmann::json{{"path", "/etc/a"}, {"content", "hunter2"}, {"owner", "snmp"}});
  CHECK(spec(result, "b")["content"] == "hunter3");
  CHECK(result.manifests[0].sensitive);
  CHECK(result.manifests[1].sensitive);
}

TEST_CASE("render: a secret that a later layer replaces with a plain value is no longer a secret") {
  const auto result = rendered({{"greenwave.yaml", cluster("{layers: [{path: base}, {path: top}]}")},
                                {"base/a.yaml", encrypted(file_named("a"))},
                                {"top/a.yaml", file_named("a", "{content: plain}")}},
                               device);
  CHECK_FALSE(result.manifests[0].sensitive);
}

TEST_CASE("render: what cannot be opened is refused, and nothing else") {
  const auto other = secrets::new_identity();
  const auto result =
      rendered({{"a.yaml", encrypted(file_named("a"), other)}, {"b.yaml", file_named("b")}}, device);
  CHECK(names(result) == Texts{"File/b"});
  CHECK(refused(result) == Texts{"File/a"});
  CHECK(result.complete);
  CHECK_THAT(all_problems(result),
             Contains("a.yaml:") && Contains(other.recipient) && Contains(ours.recipient));
}

TEST_CASE("render: where even a name cannot be opened, nothing may be pruned") {
  const auto hidden = SopsFile{.recipients = {secrets::new_identity()}}.of(file_named("a"));
  const auto result = rendered({{"a.yaml", hidden}, {"b.yaml", file_named("b")}}, device);
  CHECK(names(result) == Texts{"File/b"});
  CHECK_FALSE(result.complete);
  // With the key, it is an object like any other.
  const auto open = SopsFile{.recipients = {ours}}.of(file_named("a"));
  CHECK(names(rendered({{"a.yaml", open}, {"b.yaml", file_named("b")}}, device)) ==
        Texts{"File/a", "File/b"});
}

TEST_CASE("render: what is rendered for no device stays encrypted, and is marked") {
  const auto result = rendered({{"a.yaml", encrypted(file_named("a", "{path: /etc/a, content: hunter2}"))}});
  CHECK(problems(result).empty());
  REQUIRE(result.manifests.size() == 1);
  CHECK(result.manifests[0].sensitive);
  CHECK_THAT(spec(result, "a")["content"].get<std::string>(), Catch::StartsWith("ENC[AES256_GCM,"));
  CHECK_FALSE(document(result, "a").contains("sops"));
}

TEST_CASE("render: no message contains a letter of what was encrypted") {
  const auto result = rendered(
      {{"a.yaml", encrypted(file_named("a", "{path: /etc/a, content: \"${device.swordfish}\"}"))}}, device);
  CHECK(refused(result) == Texts{"File/a"});
  CHECK_THAT(all_problems(result), Contains("a.yaml:") && Contains("not shown") && !Contains("swordfish"));
}

TEST_CASE("render: a source that ends in .age makes a sensitive File") {
  const auto result = rendered({{"a.yaml", file_named("a", "{path: /etc/a, source: keys/a.age}")},
                                {"keys/a.age", AgeFile{}.add(ours).holding("x")}},
                               device);
  REQUIRE(result.manifests.size() == 1);
  CHECK(result.manifests[0].source->encrypted);
  CHECK(result.manifests[0].sensitive);
}

TEST_CASE("render: a manifest's digest cannot be guessed without the device's key") {
  const Files files{{"a.yaml", file_named("a")}};
  const auto digest = [&](const std::string& key) {
    return rendered(files, {"sf-0042", {}, {}, {}, key}).manifests[0].digest;
  };
  CHECK(digest("one key") == digest("one key"));
  CHECK(digest("one key") != digest("another"));
}
