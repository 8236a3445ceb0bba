#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/file.h"
#include "support/sops_file.h"
#include "support/source_directory.h"
#include "unit/render/rendering.h"

// What SOPS encrypted in a kustomization, and several documents in one file.

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;

namespace {

const secrets::Identity stranger = secrets::new_identity();
/// Whom the examples in test/fuzz/sops are for.
const auto keys = secrets::read_identities(
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "test");
const render::Identity device{"sf-0042", {}, {}, keys, "digest key"};

std::string example(const std::string& name) {
  return read_file(source_directory() / "test/fuzz/sops" / name, 1 << 20);
}

std::string secret_named(const std::string& name, const std::string& value = "swordfish") {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + "}\nstringData: {key: " + value + "}\n";
}

std::string sealed(const std::string& text, const secrets::Identity& recipient = keys[0],
                   const std::string& data_key = std::string(32, 'd')) {
  return SopsFile{.recipients = {recipient},
                  .chosen = [](const std::string& path) { return path.starts_with("stringData:"); },
                  .data_key = data_key}
      .of(text);
}

std::string all_problems(const render::Rendered& rendered) {
  std::string text;
  for (const auto& line : problems(rendered)) text += line + "\n";
  return text;
}

const Manifest& manifest(const render::Rendered& rendered, const std::string& start) {
  for (const auto& one : rendered.manifests) {
    if (one.id.name.starts_with(start)) return one;
  }
  FAIL("no " << start << ": " << all_problems(rendered));
  return rendered.manifests.front();
}

}  // namespace

TEST_CASE("kustomize: what SOPS encrypted is opened as it was committed, and changed then") {
  const auto result = rendered({{"kustomization.yaml",
                                 "namespace: city\nlabels: [{pairs: {app: a}}]\nresources: [s.yaml]\n"
                                 "patches: [{path: p.yaml}]\n"},
                                {"s.yaml", sealed(secret_named("s"))},
                                {"p.yaml", sealed(secret_named("s", "perch"))}},
                               device);
  CHECK(problems(result) == Texts{});
  REQUIRE(names(result) == Texts{"Secret/city/s"});
  CHECK(document(result, "s")["metadata"]["labels"]["app"] == "a");
  CHECK(document(result, "s")["stringData"]["key"] == "perch");
  CHECK(result.manifests[0].sensitive);
}

TEST_CASE(
    "kustomize: a document for somebody else is refused alone, and so is what a patch of theirs changes") {
  const Files files{
      {"kustomization.yaml",
       "namespace: city\nresources: [s.yaml, theirs.yaml, patched.yaml]\npatches: [{path: p.yaml}]\n"},
      {"s.yaml", sealed(secret_named("s"))},
      {"theirs.yaml", sealed(secret_named("theirs"), stranger)},
      {"patched.yaml", secret_named("patched")},
      {"p.yaml", sealed(secret_named("patched", "other"), stranger)}};
  const auto result = rendered(files, device);
  CHECK(names(result) == Texts{"Secret/city/s"});
  CHECK(refused(result) == Texts{"Secret/city/patched", "Secret/city/theirs"});
  CHECK(result.complete);
  REQUIRE(problems(result).size() == 2);
  CHECK_THAT(all_problems(result), Contains("theirs.yaml:") && Contains("p.yaml:") &&
                                       Contains("for " + stranger.recipient + ", not for this device") &&
                                       !Contains("swordfish"));
}

TEST_CASE("kustomize: generators open files of SOPS and of age") {
  const Files files{
      {"kustomization.yaml",
       "secretGenerator: [{name: env, envs: [a.env]}, {name: files, files: [a.ini, k=a.p12, a.age]}]\n"
       "configMapGenerator: [{name: map, envs: [a.env]}]\n"},
      {"a.env", example("dotenv")},
      {"a.ini", example("ini")},
      {"a.p12", example("binary")},
      {"a.age", AgeFile{}.add(keys[0]).holding("aged")}};
  const auto result = rendered(files, device);
  CHECK(problems(result) == Texts{});
  REQUIRE(result.manifests.size() == 3);
  const auto env = manifest(result, "env-").document;
  CHECK(*env.at({"data", "PASSWORD"})->string() == encode_base64("one=two # three"));
  CHECK(env.find("data")->map()->size() == 5);
  const auto from_files = manifest(result, "files-").document;
  CHECK_THAT(decode_base64(from_files.at({"data", "a.ini"})->string()->substr(0, 68)),
             Contains("[database]"));
  CHECK(*from_files.at({"data", "a.age"})->string() == encode_base64("aged"));
  CHECK(*manifest(result, "map-").document.at({"data", "USER"})->string() == "alice");
  for (const auto& one : result.manifests) CHECK(one.sensitive);

  const auto veiled = rendered(files);
  CHECK(veiled.veiled);
  CHECK(manifest(veiled, "env-").document.find("data")->map()->size() == 5);
  CHECK_THAT(manifest(veiled, "map-").document.at({"data", "USER"})->string()->substr(0, 15),
             Contains("ENC[AES256_GCM"));
  CHECK(*manifest(veiled, "map-").document.at({"data", "FREE"})->string() == "clear");
  for (const auto& one : veiled.manifests) CHECK(one.sensitive);
}

TEST_CASE("kustomize: what a secret is put into is as secret") {
  const std::string map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: ";
  const std::string source =
      "replacements: [{source: {kind: Secret, fieldPath: stringData.key}, targets: [{select: ";
  const std::pair<std::string, std::string> ways[] = {
      {"{a: one-two}\n", source + "{kind: ConfigMap}, fieldPaths: [data.a], options: {delimiter: '-'}}]}]\n"},
      {"{a: '{\"b\": \"x\"}'}\n", source + "{kind: ConfigMap}, fieldPaths: [data.a.b]}]}]\n"},
      {"{a: x}\n", source + "{kind: ConfigMap}, fieldPaths: [data.a]}]}]\n"}};
  for (const auto& [data, how] : ways) {
    const auto result = rendered({{"kustomization.yaml", "resources: [s.yaml, m.yaml]\n" + how},
                                  {"s.yaml", sealed(secret_named("s"))},
                                  {"m.yaml", map + data}},
                                 device);
    CHECK(problems(result) == Texts{});
    CHECK_THAT(*manifest(result, "m").document.at({"data", "a"})->string(), Contains("swordfish"));
    CHECK(manifest(result, "m").sensitive);
  }
}

TEST_CASE("kustomize: a generator whose file is for somebody else takes its kustomization with it") {
  const auto result = rendered(
      {{"kustomization.yaml", "resources: [s.yaml]\nsecretGenerator: [{name: env, envs: [a.env]}]\n"},
       {"s.yaml", secret_named("s")},
       {"a.env", example("dotenv")}},
      {"sf-0042", {}, {}, secrets::Keyring{stranger}, "digest key"});
  CHECK(names(result) == Texts{});
  CHECK_FALSE(result.complete);
  CHECK_THAT(all_problems(result),
             Contains("kustomization.yaml:2:") && Contains("a.env: it is encrypted by SOPS"));
}

TEST_CASE("kustomize: an encrypted value that stands alone is refused") {
  const std::string value = "ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QUFBQUFBQUFBQUFBQUFBQQ==,type:str]";
  const auto literal = rendered(
      {{"kustomization.yaml", "secretGenerator: [{name: s, literals: [\"k=" + value + "\"]}]\n"}}, device);
  CHECK(names(literal) == Texts{});
  CHECK_THAT(all_problems(literal), Contains("the value of k is encrypted by SOPS"));
  const auto patch =
      rendered({{"kustomization.yaml",
                 "resources: [s.yaml, t.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: Secret, "
                 "metadata: {name: s}, stringData: {key: \"" +
                     value + "\"}}'\n"},
                {"s.yaml", secret_named("s")},
                {"t.yaml", secret_named("t")}},
               device);
  CHECK(names(patch) == Texts{"Secret/t"});
  CHECK(refused(patch) == Texts{"Secret/s"});
  CHECK_THAT(all_problems(patch), Contains("the document lacks what SOPS needs to open it"));
}

TEST_CASE("render: documents of one file open by themselves, beside others in clear text") {
  const auto ours = sealed(secret_named("a") + "---\n" + secret_named("b"));
  const auto again = sealed(secret_named("c"), keys[0], std::string(32, 'e'));
  const auto theirs = sealed(secret_named("d"), stranger);
  const auto result = rendered({{"all.yaml", ours + again + theirs + "---\n" + secret_named("e") + "---\n" +
                                                 sealed(secret_named("f"))}},
                               device);
  CHECK(names(result) == Texts{"Secret/a", "Secret/b", "Secret/c", "Secret/e", "Secret/f"});
  CHECK(refused(result) == Texts{"Secret/d"});
  CHECK(result.complete);
  CHECK_FALSE(manifest(result, "e").sensitive);
  CHECK(manifest(result, "a").sensitive);

  auto moved = sealed(secret_named("a"));
  moved.replace(moved.find("name: a"), 7, "name: b");
  const auto changed = rendered({{"all.yaml", moved + "---\n" + secret_named("c")}}, device);
  CHECK(names(changed) == Texts{"Secret/c"});
  CHECK(refused(changed) == Texts{"Secret/b"});
  CHECK_THAT(all_problems(changed), Contains("its MAC does not match its values"));
}

TEST_CASE("render: a source that SOPS encrypted makes a sensitive File, whatever its name") {
  const auto result = rendered({{"a.yaml", file_named("a", "{path: /etc/a, source: files/a.env}")},
                                {"files/a.env", example("dotenv")}},
                               device);
  CHECK(problems(result) == Texts{});
  REQUIRE(result.manifests.size() == 1);
  CHECK(result.manifests[0].source->encrypted);
  CHECK(result.manifests[0].sensitive);
}
