#include "inventory/follower.h"

#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "changes/comparer.h"
#include "git/confined/confined_upstream.h"
#include "git/housekeeping.h"
#include "git/ref_name.h"
#include "git/store.h"
#include "git/trust.h"
#include "model/manifest.h"
#include "model/paths.h"

namespace greenwave::hub {

namespace {

constexpr const char* kept_name = "city";
constexpr std::size_t most_subject = 200;
constexpr std::size_t most_why = 2000;

/// Reads every file, so that all of them are fetched: by what a comparison shows of them, and by their sizes.
void read_all(const SourceTree& tree, const std::string& directory = {}) {
  for (const auto& item : tree.list(directory)) {
    const auto path = join_path(directory, item.name);
    if (item.type == SourceTree::Type::directory) {
      read_all(tree, path);
      continue;
    }
    if (item.type == SourceTree::Type::other) continue;
    try {
      static_cast<void>(tree.read(path, largest_source));
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) throw;  // one too large is none that a device takes
    }
  }
}

/// The transport rests afterwards, whatever happens: after a failure its process begins anew, and finds what
/// was not there before.
class Resting {
 public:
  explicit Resting(git::Transport& transport) : transport_(transport) {}
  ~Resting() { transport_.rest(); }
  Resting(const Resting&) = delete;
  Resting& operator=(const Resting&) = delete;

 private:
  git::Transport& transport_;
};

}  // namespace

/// One poll after the other, with what stays from one to the next.
class Course {
 public:
  Course(const config::Config& config, const std::filesystem::path& directory, const std::atomic<bool>& stop)
      : config_(config),
        stop_(stop),
        store_(directory / "git"),
        transport_(git::confined::make_confined_transport(
            config.repository, {.quarantine = directory / "quarantine", .stop = stop})) {
    if (config.checks_commits())
      trust_.emplace(read_file(config.allowed_signers, 1 << 20), config.allowed_signers.native());
  }

  /// What is new; nothing when all is as before. Throws Error.
  std::optional<Followed> poll() {
    const Resting after(*transport_);
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
    const bool is_new = found.commit != last_.commit || commits_of(found) != commits_of(last_);
    last_ = found;
    if (!is_new) return {};
    git::tidy(store_, [] { return true; });
    return found;
  }

  Duration retry_after() const { return transport_->retry_after(); }

  /// What `pair` asks for, as JSON. Throws Error.
  std::string answer(const CommitPair& pair) {
    const Resting after(*transport_);
    return pair.about == About::objects ? find_objects(pair) : compare(pair);
  }

 private:
  static std::vector<std::string> commits_of(const Followed& followed) {
    std::vector<std::string> commits;
    for (const auto& ref : followed.refs) commits.push_back(ref.commit);
    return commits;
  }

  void fetch_whole(const CommitId& commit) {
    transport_->fetch(commit, store_, [](const SourceTree& tree) { read_all(tree); });
  }

  std::string find_objects(const CommitPair& pair) {
    const CommitId commit(pair.head);
    fetch_whole(commit);
    const auto& path = config_.repository.path;
    return objects_json(pair.head, path, hub::find_objects(*store_.tree(commit, path), pair, stop_));
  }

  std::string compare(const CommitPair& pair) {
    const CommitId head(pair.head);
    transport_->fetch(head, store_, git::commit_alone);
    if (trust_) trust_->verify(store_, head);
    const auto base = pair.base.empty() ? before(head) : CommitId(pair.base);
    for (const auto& commit : {base, head}) fetch_whole(commit);
    const auto& path = config_.repository.path;
    const auto changes =
        hub::compare(*store_.tree(base, path), *store_.tree(head, path), pair, config_, stop_);
    return changes_json({.head = pair.head,
                         .base = base.text(),
                         .base_subject = in_one_line(store_.commit(base).subject, most_subject)},
                        changes);
  }

  CommitId before(const CommitId& commit) {
    const auto parents = store_.parents(commit);
    if (parents.empty()) {
      throw Error(Fault::invalid, "it is the first commit of the repository",
                  "there is nothing before it to compare it with");
    }
    if (store_.has(parents.front())) return parents.front();
    constexpr auto cut = "follow a repository that is cloned with its history (without --depth)";
    try {
      transport_->fetch_history(commit, store_, 2);
    } catch (const Error& error) {
      throw Error(error.fault(), "the history before this commit is not to be had: " + error.message(), cut);
    }
    if (!store_.has(parents.front()))
      throw Error(Fault::invalid, "the repository lacks the history before this commit", cut);
    return parents.front();
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
  const std::atomic<bool>& stop_;
  git::Store store_;
  std::unique_ptr<git::Transport> transport_;
  std::optional<git::Trust> trust_;
  Followed last_;
};

Follower::Follower(config::Config config, std::filesystem::path directory, const Log& log, Listener listener)
    : config_(std::move(config)),
      directory_(std::move(directory)),
      log_(log),
      listener_(std::move(listener)) {
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

void Follower::compare(CommitPair pair) {
  const Lock lock(mutex_);
  wanted_.push_back(std::move(pair));
  wakeup_.notify_all();
}

/// Nothing when it is time for something else.
std::optional<CommitPair> Follower::next_wanted(std::chrono::steady_clock::time_point until) {
  const Lock lock(mutex_);
  while (!stop_ && !is_asked_ && wanted_.empty() && std::chrono::steady_clock::now() < until)
    wakeup_.wait_until(mutex_, until);
  if (!stop_ && !wanted_.empty()) {
    auto pair = std::move(wanted_.front());
    wanted_.pop_front();
    return pair;
  }
  is_asked_ = false;
  return {};
}

bool Follower::rest(Course* course, Duration time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (const auto pair = next_wanted(until)) {
    Compared compared{.pair = *pair, .answer = {}, .why = {}, .remedy = {}};
    try {
      if (course == nullptr) {
        throw Error(Fault::transient, "the city's repository cannot be read", "the hub's log says why");
      }
      compared.answer = course->answer(*pair);
    } catch (const Error& error) {
      compared.why = in_lines(error.message(), most_why);
      compared.remedy = in_lines(error.remedy(), most_why);
      log_.info(fmt::format("commit {} cannot be looked at: {}", pair->head, error.what()));
    }
    listener_.compared(std::move(compared));
  }
  return !stop_;
}

/// Empty: it was read.
void Follower::note(std::string why) {
  if (why == trouble_.why) return;
  if (!why.empty()) log_.warning(fmt::format("the city's repository cannot be read: {}", why));
  if (trouble_.why.empty()) trouble_.since = SystemClock().now();
  trouble_.why = std::move(why);
  listener_.troubled(trouble_);
}

void Follower::follow() {
  git::initialize();
  std::unique_ptr<Course> course;
  unsigned failures = 0;
  Duration pause{};
  do {
    try {
      if (!course) course = std::make_unique<Course>(config_, directory_, stop_);
      if (auto found = course->poll()) listener_.told(std::move(*found));
      failures = 0;
      note("");
      pause = config_.repository.interval;
    } catch (const Error& error) {
      if (stop_) break;
      note(in_lines(error.what(), most_why));
      pause = backoff(++failures, course ? std::optional(course->retry_after()) : std::nullopt, 1.0);
      if (error.fault() == Fault::damaged) {
        course.reset();
        git::Store::set_aside(directory_ / "git");
      }
    }
  } while (rest(course.get(), pause));
}

}  // namespace greenwave::hub
