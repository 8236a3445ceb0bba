#include "git/bundle.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/trust.h"
#include "support/git_workshop.h"

using namespace greenwave;

namespace {

struct Device : test::Workshop {
  git::Store store{directory() / "store"};
  std::atomic<bool> stop = false;

  std::filesystem::path bundle_file(std::vector<std::string> arguments,
                                    const std::string& version = "2") const {
    const auto file = directory() / "stick.bundle";
    arguments.insert(arguments.begin(), {"bundle", "create", "-q", "--version=" + version, file.native()});
    git(arguments);
    return file;
  }
  std::shared_ptr<const git::BundleFile> bundle(std::vector<std::string> arguments,
                                                const std::string& version = "2") const {
    return git::open_bundle(bundle_file(std::move(arguments), version));
  }
};

config::Repository of(const std::string& branch) {
  config::Repository repository;
  repository.branch = branch;
  return repository;
}

std::string with_replaced(const std::filesystem::path& file, std::size_t at, const std::string& bytes) {
  auto content = read_file(file, 1 << 20);
  content.replace(at, bytes.size(), bytes);
  std::ofstream(file, std::ios::binary) << content;
  return content;
}

}  // namespace

TEST_CASE("bundle: what git bundle create makes brings the branch's commit into the store") {
  Device device;
  device.write("base/motd", "hello");
  const auto file = device.key("ana", "ed25519");
  const auto commit = device.commit("one", file);
  device.git({"branch", "wave/canary"});
  git::Bundle bundle(device.bundle({"--all"}), of("main"), device.stop);
  CHECK(bundle.poll() == commit);
  CHECK(git::Bundle(device.bundle({"--all"}), of("refs/heads/wave/canary"), device.stop).poll() == commit);
  bundle.fetch(commit, device.store, {});
  CHECK(device.store.tree(commit, "base")->read("motd", 100) == "hello");
  CHECK(bundle.bytes_received() > 0);
  const git::Trust trust("ana@sf.example " + device.public_key("ana"), "allowed_signers");
  CHECK(trust.verify(device.store, commit).principal == "ana@sf.example");
}

TEST_CASE("bundle: version 3, and one that builds on what the device has") {
  Device device;
  std::string text;
  for (int i = 0; i < 500; ++i) text += "line " + std::to_string(i) + "\n";
  device.write("motd", text);
  const auto one = device.commit("one");
  device.write("motd", text + "more\n");
  const auto two = device.commit("two");
  git::Bundle difference(device.bundle({"main", "^" + one.text()}), of("main"), device.stop);
  CHECK_THROWS_WITH(difference.fetch(two, device.store, {}),
                    Catch::Contains("requires commit " + one.text() + ", which this device does not have"));
  CHECK_FALSE(device.store.has(two));
  git::Bundle whole(device.bundle({"main"}, "3"), of("main"), device.stop);
  CHECK(whole.poll() == two);
  device.git({"update-ref", "refs/heads/first", one.text()});
  git::Bundle first(device.bundle({"first"}, "3"), of("first"), device.stop);
  first.fetch(one, device.store, {});
  difference.fetch(two, device.store, {});
  CHECK(device.store.tree(two, "")->read("motd", 1 << 20) == text + "more\n");
}

TEST_CASE("bundle: a branch is matched by its full name") {
  Device device;
  device.commit("one");
  device.git({"branch", "x/main"});
  device.git({"tag", "main2"});
  git::Bundle bundle(device.bundle({"x/main", "main2"}), of("main"), device.stop);
  CHECK_THROWS_WITH(bundle.poll(),
                    Catch::Contains("has no refs/heads/main, only: refs/heads/x/main, refs/tags/main2") &&
                        Catch::Contains("git bundle create FILE refs/heads/main"));
}

TEST_CASE("bundle: a damaged or cut copy is refused, wherever the damage is, and the store stays as it was") {
  Device device;
  device.write("motd", "hello");
  const auto commit = device.commit("one");
  const auto file = device.bundle_file({"main"});
  const auto whole = read_file(file, 1 << 20);
  const auto pack_at = whole.find("PACK");
  for (std::size_t i = pack_at; i < whole.size(); ++i) {
    auto damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    std::ofstream(file, std::ios::binary) << damaged;
    git::Bundle bundle(git::open_bundle(file), of("main"), device.stop);
    CHECK_THROWS_WITH(bundle.fetch(commit, device.store, {}),
                      Catch::Contains("is damaged") && Catch::Contains("copy it"));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(file, std::ios::binary) << whole.substr(0, size);
    INFO("first " << size);
    CHECK_THROWS_AS(
        git::Bundle(git::open_bundle(file), of("main"), device.stop).fetch(commit, device.store, {}), Error);
  }
  CHECK_FALSE(device.store.has(commit));
  CHECK(device.run_in(device.store.directory(), {"find", "objects", "-type", "f"}).empty());
}

TEST_CASE("bundle: a ref to a commit that the bundle lacks is refused") {
  Device device;
  const auto commit = device.commit("one");
  const auto file = device.bundle_file({"main"});
  const auto content = read_file(file, 1 << 20);
  with_replaced(file, content.find(commit.text()), std::string(40, 'a'));
  git::Bundle bundle(git::open_bundle(file), of("main"), device.stop);
  CHECK_THROWS_WITH(bundle.fetch(bundle.poll(), device.store, {}),
                    Catch::Contains("does not hold commit aaaa"));
}

TEST_CASE("bundle: a file that is not a bundle, or exceeds the limits, is refused") {
  Device device;
  const auto refused = [&](const std::string& bytes) {
    const auto file = device.directory() / "other";
    std::ofstream(file, std::ios::binary) << bytes;
    try {
      const git::Bundle bundle(git::open_bundle(file), of("main"), device.stop);
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::invalid);
      return error.message();
    }
    return std::string("accepted");
  };
  CHECK(refused("") == "it is not a git bundle");
  CHECK(refused("hello\n\n") == "it is not a git bundle");
  CHECK(refused("# v4 git bundle\n\n") == "it is not a git bundle of version 2 or 3");
  CHECK(refused("# v2 git bundle\n") == "the bundle's header is truncated");
  CHECK(refused("# v2 git bundle\n" + std::string(2'000'000, 'x')) == "the bundle's header is truncated");
  CHECK(refused("# v2 git bundle\nnonsense refs/heads/main\n\n").find("not a commit") != std::string::npos);
  CHECK(refused("# v2 git bundle\n" + std::string(40, 'a') + "\n\n").find("without a ref") !=
        std::string::npos);
  CHECK(refused("# v3 git bundle\n@object-format=sha256\n\n").find("object-format=sha256") !=
        std::string::npos);
  CHECK_THROWS_AS(git::open_bundle(device.directory()), Error);
  CHECK_THROWS_AS(git::open_bundle(device.directory() / "absent"), Error);

  device.write("motd", "hello");
  const auto commit = device.commit("one");
  git::Bundle bundle(device.bundle({"main"}), of("main"), device.stop, {.bytes = 100, .objects = 100});
  CHECK_THROWS_AS(bundle.fetch(commit, device.store, {}), Error);
  CHECK_FALSE(device.store.has(commit));
}

TEST_CASE("bundle: it fills up a store that has the commit but not the files that the device needs") {
  Device device;
  device.write("base/motd", "hello");
  const auto commit = device.commit("one");
  device.run_in(device.city(),
                {"sh", "-c",
                 "printf '%s' " + commit.text() +
                     " | git pack-objects -q --stdout | git -C ../store index-pack --stdin >/dev/null"});
  REQUIRE(device.store.has(commit));
  const auto reads_motd = [](const SourceTree& tree) { tree.read("base/motd", 100); };
  git::Bundle bundle(device.bundle({"main"}), of("main"), device.stop);
  bundle.fetch(commit, device.store, reads_motd);
  CHECK(device.store.tree(commit, "base")->read("motd", 100) == "hello");
  const auto received = bundle.bytes_received();
  bundle.fetch(commit, device.store, reads_motd);
  CHECK(bundle.bytes_received() == received);
}
