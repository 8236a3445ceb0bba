#include "git/work_budget.h"

#include <catch2/catch.hpp>
#include <zlib.h>

#include "git/commit_tree.h"
#include "git/evp.h"
#include "git/handle.h"
#include "git/library.h"
#include "git/server_transport.h"
#include "git/store.h"
#include "git/store_landing.h"
#include "support/faults.h"
#include "support/git_repository.h"
#include "support/local_upload_pack.h"

using namespace greenwave;
using test::GitRepository;
using test::LocalUploadPack;
using test::TemporaryDirectory;

namespace {

const std::atomic<bool> running{false};
constexpr std::uint64_t mebibyte = 1 << 20;

/// Sixty files of a mebibyte that differ in a few bytes: git packs them as deltas, into a few kilobytes.
CommitId unfold(GitRepository& origin) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 60; ++i) {
    files["large/" + std::to_string(i)] = std::to_string(i) + std::string(mebibyte, 'a');
  }
  const auto commit = origin.import(files);
  origin.git({"repack", "-adq"});
  return commit;
}

git::ServerTransport limited(const GitRepository& origin, const git::WorkLimits& work,
                             LocalUploadPack::Spoil spoil = {}) {
  return {std::make_unique<LocalUploadPack>(origin.path(), std::move(spoil)), "refs/heads/main", "", running,
          git::FetchLimits{.work = work}};
}

std::vector<std::string> packs_of(const TemporaryDirectory& store) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(store / "git/objects/pack")) {
    names.push_back(file.path().filename());
  }
  return names;
}

/// An entry of a pack, of fewer than 16 bytes.
std::string entry(git_object_t type, const std::string& base, const std::string& content) {
  std::string packed(64, '\0');
  auto size = packed.size();
  ::compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(content.data()),
             content.size());
  return static_cast<char>(type << 4 | content.size()) + base + packed.substr(0, size);
}

/// A blob, and what makes the same blob from it: libgit2 tries again and again to add that.
std::string endless_pack() {
  const std::string content = "green wave";
  const std::string copy_ten_bytes = "\x0a\x0a\x90\x0a";
  git_oid name{};
  git_odb_hash(&name, content.data(), content.size(), GIT_OBJECT_BLOB);
  const std::string base(reinterpret_cast<const char*>(name.id), sizeof name.id);
  const std::string pack = std::string("PACK\0\0\0\2\0\0\0\2", 12) + entry(GIT_OBJECT_BLOB, "", content) +
                           entry(GIT_OBJECT_REF_DELTA, base, copy_ten_bytes);
  std::string sum(20, '\0');
  EVP_Digest(pack.data(), pack.size(), reinterpret_cast<unsigned char*>(sum.data()), nullptr, EVP_sha1(),
             nullptr);
  return pack + sum;
}

}  // namespace

/// What libgit2 forgets while it does that.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libgit2.so\n";
}

TEST_CASE("work: a pack that libgit2 would unpack for ever ends at the limits of memory, bytes and time") {
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto refused = [&](const git::WorkLimits& work) {
    const auto take_in = [&] {
      git::StoreLanding into(store, running, {.work = work}, nullptr);
      git::PackSink sink(into.landing());
      sink.append(endless_pack());
      sink.finish();
    };
    CHECK_THROWS_AS(take_in(), git::Unusable);
  };
  refused({.memory = mebibyte});
  refused({.unpacked = mebibyte});
  refused({.cpu = std::chrono::milliseconds(20)});
  CHECK(packs_of(directory).empty());
}

TEST_CASE("work: a small pack that unpacks to more than is allowed is refused, with the limit") {
  GitRepository origin;
  const auto commit = unfold(origin);
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto refused = [&](const git::WorkLimits& work) {
    auto transport = limited(origin, work);
    CHECK_THROWS_AS(transport.fetch(commit, store), git::Unusable);
    CHECK(transport.bytes_received() < mebibyte / 4);
    CHECK(packs_of(directory).empty());
    auto again = limited(origin, work);
    try {
      again.fetch(commit, store);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  CHECK(refused({.unpacked = 20 * mebibyte}) == "what was fetched unpacks to more than 20 MiB");
  CHECK(refused({.memory = mebibyte / 2}) == "unpacking what was fetched takes more than 512 KiB of memory");
  CHECK(refused({.cpu = std::chrono::milliseconds(0)}) ==
        "unpacking what was fetched takes more than 0s of CPU time");
  auto whole = limited(origin, {});
  whole.fetch(commit, store);
  CHECK(store.tree(commit, "")->read("large/7", 2 * mebibyte).starts_with("7aaa"));
}

TEST_CASE("work: wherever memory ends, the fetch fails as a whole, and the next one succeeds") {
  GitRepository origin;
  const auto commit = unfold(origin);
  int refusals = 0;
  for (std::uint64_t memory = 4096; memory < 16 * mebibyte; memory += memory / 4) {
    CAPTURE(memory);
    TemporaryDirectory directory;
    git::Store store(directory / "git");
    auto transport = limited(origin, {.memory = memory});
    try {
      transport.fetch(commit, store);
      CHECK(store.has(commit));
    } catch (const git::Unusable& error) {
      ++refusals;
      CHECK(error.fault() == Fault::transient);
      CHECK(packs_of(directory).empty());
      limited(origin, {}).fetch(commit, store);
    }
    CHECK(store.tree(commit, "")->read("large/59", 2 * mebibyte).starts_with("59aaa"));
  }
  CHECK(refusals > 10);
}

TEST_CASE("work: small allocations count, and after the end a few of them are spared for the report") {
  git::WorkBudget budget({.memory = mebibyte}, {}, running);
  std::uint64_t held = 0;
  for (; budget.grant(100); held += 100) budget.hold(100);
  CHECK(held > mebibyte - 200);
  std::uint64_t spared = 0;
  while (budget.spare(100)) spared += 100;
  CHECK(spared >= 4000);
  CHECK(spared < mebibyte / 10);
}

TEST_CASE("work: a budget is that of a whole fetch, and ends when the agent stops") {
  std::atomic<bool> stop{false};
  git::WorkBudget budget({.memory = mebibyte, .unpacked = 2 * mebibyte}, {.unpacked = mebibyte}, stop);
  CHECK(budget.grant(mebibyte / 2));
  CHECK(budget.grant(mebibyte / 2));
  CHECK(budget.lasts());
  SECTION("what was spent before counts") {
    CHECK_FALSE(budget.grant(1));
    CHECK(budget.overrun() == "what was fetched unpacks to more than 2.0 MiB");
  }
  SECTION("a stop is not an overrun") {
    stop = true;
    CHECK_FALSE(budget.lasts());
    CHECK_FALSE(budget.grant(1));
    CHECK_FALSE(budget.overrun().has_value());
  }
  SECTION("what is held counts until it is released") {
    git::WorkBudget other({.memory = mebibyte}, {}, stop);
    other.hold(mebibyte);
    other.release(mebibyte / 2);
    CHECK(other.grant(mebibyte / 2));
    CHECK_FALSE(other.grant(mebibyte / 2 + 1));
  }
}

TEST_CASE("server: what does not contain the commit that was asked for is not kept") {
  GitRepository origin;
  const auto first = origin.commit({{"a", test::noise(100'000, 1)}});
  const auto second = origin.commit({{"a", test::noise(100'000, 2)}});
  std::string recorded;
  TemporaryDirectory elsewhere;
  git::Store other(elsewhere / "git");
  limited(origin, {}, [&](std::string bytes) { return recorded = std::move(bytes); }).fetch(first, other);
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  for (int i = 0; i < 3; ++i) {
    auto lying = limited(origin, {}, [&](const std::string&) { return recorded; });
    CHECK_THROWS_AS(lying.fetch(second, store), git::Unusable);
    CHECK(packs_of(directory).empty());
  }
}

TEST_CASE("tree: a directory of hundreds of thousands of files is refused before it is read") {
  GitRepository origin;
  std::vector<std::string> names;
  for (int i = 100'000; i < 250'000; ++i) names.push_back(std::string(30, 'a') + std::to_string(i));
  const auto commit = origin.commit_names("base", names);
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  limited(origin, {}).fetch(commit, store);
  CHECK_THROWS_WITH(
      store.tree(commit, "")->list("base"),
      Catch::StartsWith("the list of files in base has 9.2 MiB, more than the 8.0 MiB allowed"));
  CHECK(store.tree(commit, "")->list("").size() == 1);
}
