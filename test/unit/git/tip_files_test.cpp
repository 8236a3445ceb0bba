#include "git/confined/tip_files.h"

#include <random>

#include <catch2/catch.hpp>

#include "git/file_upstream.h"
#include "support/git_repository.h"
#include "support/set_clock.h"

using namespace greenwave;
using git::confined::TipFiles;
using test::GitRepository;

namespace {

const std::vector<std::string> followed{"refs/heads/wave/canary", "refs/heads/main"};

test::SetClock an_hour_later() {
  test::SetClock clock;
  clock.time = SystemClock().now() + std::chrono::hours(1);
  return clock;
}

/// What a poll does.
git::Tip poll(TipFiles& files, const GitRepository& origin, const std::vector<std::string>& refs) {
  auto looks = files.look(refs);
  auto tip = git::FileUpstream(origin.path()).poll(refs);
  files.remember(std::move(looks), tip);
  return tip;
}

void change(const GitRepository& origin, unsigned what) {
  switch (what) {
    case 0:
      origin.git({"commit", "-q", "--allow-empty", "-m", "More"});
      break;
    case 1:
      origin.git({"pack-refs", "--all"});
      break;
    case 2:
      origin.git({"branch", "-f", "wave/canary", "HEAD"});
      break;
    case 3:
      origin.git({"update-ref", "--no-deref", "-d", "refs/heads/wave/canary"});
      break;
    case 4:
      origin.git({"branch", "-f", "other", "HEAD"});
      break;
    case 5:
      origin.git({"symbolic-ref", "refs/heads/wave/canary", "refs/heads/other"});
      break;
    default:
      origin.git({"tag", "-f", "-a", "-m", "A tag", "v1"});
  }
}

}  // namespace

TEST_CASE("tip files: what is remembered is what the repository says, whatever happens to its refs") {
  std::mt19937 random(17);
  GitRepository origin;
  origin.commit({});
  origin.git({"branch", "other"});
  const auto clock = an_hour_later();
  TipFiles files(origin.path(), clock);
  int known = 0;
  for (int round = 0; round < 120; ++round) {
    if (random() % 3 > 0) change(origin, random() % 7);
    const auto remembered = files.tip(followed);
    const auto tip = poll(files, origin, followed);
    if (!remembered) continue;
    ++known;
    CHECK(remembered->commit == tip.commit);
    CHECK(remembered->ref == tip.ref);
  }
  CHECK(known > 10);
}

TEST_CASE("tip files: what has just changed may change again unseen, and is not remembered") {
  GitRepository origin;
  origin.commit({});
  test::SetClock clock;
  clock.time = SystemClock().now();
  TipFiles files(origin.path(), clock);
  poll(files, origin, followed);
  CHECK_FALSE(files.tip(followed));
}

TEST_CASE("tip files: a ref that is a link, another ref or a tag is asked for each time") {
  GitRepository origin;
  origin.commit({});
  origin.git({"tag", "-a", "-m", "A tag", "v1"});
  origin.git({"symbolic-ref", "refs/heads/alias", "refs/heads/main"});
  const auto clock = an_hour_later();
  for (const std::string ref : {"refs/tags/v1", "refs/heads/alias"}) {
    TipFiles files(origin.path(), clock);
    poll(files, origin, {ref});
    CHECK_FALSE(files.tip({ref}));
  }
  TipFiles files(origin.path(), clock);
  poll(files, origin, {"refs/heads/main"});
  CHECK(files.tip({"refs/heads/main"}));
  CHECK_FALSE(files.tip({"refs/heads/other"}));
}

TEST_CASE("tip files: where there is no directory nothing is remembered") {
  const auto clock = an_hour_later();
  GitRepository origin;
  origin.commit({});
  TipFiles nowhere("", clock);
  poll(nowhere, origin, {"refs/heads/main"});
  CHECK_FALSE(nowhere.tip({"refs/heads/main"}));
}
