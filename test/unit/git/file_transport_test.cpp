#include "git/file_transport.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "support/faults.h"
#include "support/git_repository.h"

using namespace greenwave;
using test::GitRepository;
using test::TemporaryDirectory;

namespace {

const std::atomic<bool> never{false};

std::string poll_error(const std::string& url, const std::string& branch = "main") {
  config::Repository repository;
  repository.url = url;
  repository.branch = branch;
  return test::poll_error(repository);
}

}  // namespace

TEST_CASE("file: a work tree and a bare repository are followed alike, packed refs and tags too") {
  GitRepository origin;
  const auto first = origin.commit({{"a", "1"}});
  const auto poll = [](const std::filesystem::path& path, const std::string& ref) {
    return git::FileTransport(path, ref, never).poll();
  };
  CHECK(poll(origin.path(), "refs/heads/main") == first);
  origin.git({"pack-refs", "--all"});
  CHECK(poll(origin.path(), "refs/heads/main") == first);
  origin.git({"tag", "-a", "-m", "A tag", "v1"});
  CHECK(poll(origin.path(), "refs/tags/v1") == first);
  origin.git({"clone", "-q", "--bare", ".", "bare.git"});
  CHECK(poll(origin.path() / "bare.git", "refs/heads/main") == first);
}

TEST_CASE("file: a later fetch brings the commits between, the first one only the tip") {
  GitRepository origin;
  const auto oldest = origin.commit({{"a", "0"}});
  const auto first = origin.commit({{"a", "1"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::FileTransport transport(origin.path(), "refs/heads/main", never);
  transport.fetch(first, store);
  CHECK_FALSE(store.has(oldest));
  store.keep("applied", first);
  const auto second = origin.commit({{"a", "2"}});
  const auto third = origin.commit({{"a", "3"}});
  transport.fetch(third, store);
  CHECK(store.has(second));
  CHECK(store.tree(third, "")->read("a", 10) == "3");
}

TEST_CASE("file: each way to fail says what to do") {
  GitRepository origin;
  CHECK_THAT(poll_error(origin.url()), Catch::StartsWith("invalid: the repository is empty"));
  origin.commit({{"a", "1"}});
  for (int i = 0; i < 14; ++i) origin.git({"branch", "b" + std::to_string(i)});
  CHECK_THAT(poll_error(origin.url(), "mian"),
             Catch::Contains("b0, b1, b10, b11, b12, b13, b2, b3, b4, b5 and 5 more"));
  CHECK_THAT(poll_error("file:///nonexistent/city.git"),
             Catch::StartsWith("transient") && Catch::Contains("mounted"));
  CHECK_THAT(poll_error("file:///etc"),
             Catch::StartsWith("invalid") && Catch::Contains("must be a git repository"));
}

TEST_CASE("file: a transfer that is told to stop leaves nothing behind") {
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const std::atomic<bool> now{true};
  git::FileTransport transport(origin.path(), "refs/heads/main", now);
  CHECK_THROWS_AS(transport.fetch(commit, store), Error);
  CHECK_FALSE(store.has(commit));
  CHECK(std::filesystem::is_empty(directory / "git/objects/pack"));
}

TEST_CASE("file: the first of the followed refs that exists is followed and reported") {
  GitRepository origin;
  const auto first = origin.commit({{"a", "1"}});
  git::FileTransport transport(origin.path(), "refs/heads/main", never);
  transport.follow({"refs/heads/wave/canary", "refs/heads/main"});
  CHECK(transport.poll() == first);
  CHECK(transport.found() == "refs/heads/main");
  origin.git({"branch", "wave/canary"});
  const auto second = origin.commit({{"a", "2"}});
  CHECK(transport.poll() == first);
  CHECK(transport.found() == "refs/heads/wave/canary");
  transport.follow({"refs/heads/main"});
  CHECK(transport.poll() == second);
}

TEST_CASE("file: a commit older than the kept one is fetched too") {
  GitRepository origin;
  const auto oldest = origin.commit({{"a", "1"}});
  origin.commit({{"a", "2"}});
  const auto newest = origin.commit({{"a", "3"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::FileTransport transport(origin.path(), "refs/heads/main", never);
  transport.fetch(newest, store);
  store.keep("applied", newest);
  CHECK_FALSE(store.has(oldest));
  transport.fetch(oldest, store);
  CHECK(store.tree(oldest, "")->read("a", 10) == "1");
}

TEST_CASE("file: a file that no device reads, for its size, is left out, and the others come") {
  GitRepository origin;
  const auto commit = origin.commit({{"large", std::string(git::largest_object + 1, 'x')}, {"a", "1"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::FileTransport transport(origin.path(), "refs/heads/main", never);
  transport.fetch(commit, store);
  CHECK(store.tree(commit, "")->read("a", 10) == "1");
  const git::Visit visit = [](const SourceTree& tree) { tree.read("large", git::largest_object); };
  CHECK_THROWS_WITH(transport.fetch(commit, store, visit), Catch::Contains("or it is larger than 64 MiB"));
}
