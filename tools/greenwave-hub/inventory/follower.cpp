#include "inventory/follower.h"

#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/confined/confined_upstream.h"
#include "git/housekeeping.h"
#include "git/ref_name.h"
#include "git/store.h"
#include "git/trust.h"

namespace greenwave::hub {

namespace {

constexpr const char* kept_name = "city";
constexpr std::size_t most_subject = 200;

/// One poll after the other, with what stays from one to the next.
class Course {
 public:
  Course(const config::Config& config, const std::filesystem::path& directory, const std::atomic<bool>& stop)
      : config_(config),
        store_(directory / "git"),
        transport_(git::confined::make_confined_transport(
            config.repository, {.quarantine = directory / "quarantine", .stop = stop})) {
    if (config.checks_commits())
      trust_.emplace(read_file(config.allowed_signers, 1 << 20), config.allowed_signers.native());
  }

  /// What is new; nothing when all is as before. Throws Error.
  std::optional<Followed> poll() {
    const auto branch = git::full_ref_name(config_.repository.branch);
    Followed found;
    found.commit = bring(ask({branch}));
    if (found.commit != last_.commit) {
      found.inventory = read_city(*store_.tree(CommitId(found.commit), config_.repository.path));
    } else {
      found.inventory = last_.inventory;
    }
    add_ref(found, "", branch, found.commit);
    for (const auto& wave : found.inventory.waves) {
      // A wave's devices follow the branch until its ref is made.
      const auto tip = ask({git::full_ref_name(wave.ref), branch});
      add_ref(found, wave.wave, wave.ref, tip);
    }
    transport_->rest();
    const bool is_new = found.commit != last_.commit || commits_of(found) != commits_of(last_);
    last_ = found;
    if (!is_new) return {};
    git::tidy(store_, [] { return true; });
    return found;
  }

  Duration retry_after() const { return transport_->retry_after(); }

 private:
  static std::vector<std::string> commits_of(const Followed& followed) {
    std::vector<std::string> commits;
    for (const auto& ref : followed.refs) commits.push_back(ref.commit);
    return commits;
  }

  std::string ask(std::vector<std::string> refs) {
    transport_->follow(std::move(refs));
    return transport_->poll().text();
  }

  std::string bring(const std::string& name) {
    const CommitId commit(name);
    if (name == last_.commit) return name;
    transport_->fetch(commit, store_, git::commit_alone);
    if (trust_) trust_->verify(store_, commit);
    transport_->fetch(commit, store_, [](const SourceTree& tree) { static_cast<void>(read_city(tree)); });
    store_.keep(kept_name, commit);
    return name;
  }

  void add_ref(Followed& found, const std::string& wave, const std::string& ref, const std::string& tip) {
    const CommitId commit(tip);
    transport_->fetch(commit, store_, git::commit_alone);
    const auto about = store_.commit(commit);
    found.refs.push_back({.wave = wave,
                          .ref = ref,
                          .commit = tip,
                          .subject = in_one_line(about.subject, most_subject),
                          .author = in_one_line(about.author, most_subject)});
  }

  const config::Config& config_;
  git::Store store_;
  std::unique_ptr<git::Transport> transport_;
  std::optional<git::Trust> trust_;
  Followed last_;
};

}  // namespace

Follower::Follower(config::Config config, std::filesystem::path directory, const Log& log,
                   std::function<void(Followed)> told)
    : config_(std::move(config)), directory_(std::move(directory)), log_(log), told_(std::move(told)) {
  make_directories(directory_, 0700);
  thread_ = std::thread([this] { follow(); });
}

Follower::~Follower() {
  stop_ = true;
  wakeup_.notify_all();
  thread_.join();
}

void Follower::poll_now() {
  const Lock lock(mutex_);
  is_asked_ = true;
  wakeup_.notify_all();
}

bool Follower::rest(Duration time) {
  const auto until = std::chrono::steady_clock::now() + time;
  const Lock lock(mutex_);
  while (!stop_ && !is_asked_ && std::chrono::steady_clock::now() < until) wakeup_.wait_until(mutex_, until);
  is_asked_ = false;
  return !stop_;
}

void Follower::follow() {
  git::initialize();
  std::unique_ptr<Course> course;
  unsigned failures = 0;
  std::string trouble;
  Duration pause{};
  do {
    try {
      if (!course) course = std::make_unique<Course>(config_, directory_, stop_);
      if (auto found = course->poll()) told_(std::move(*found));
      failures = 0;
      trouble.clear();
      pause = config_.repository.interval;
    } catch (const Error& error) {
      if (stop_) break;
      if (error.message() != trouble)
        log_.warning(fmt::format("the city's repository cannot be read: {}", error.what()));
      trouble = error.message();
      pause = backoff(++failures, course ? std::optional(course->retry_after()) : std::nullopt, 1.0);
      if (error.fault() == Fault::damaged) {
        course.reset();
        git::Store::set_aside(directory_ / "git");
      }
    }
  } while (rest(pause));
}

}  // namespace greenwave::hub
