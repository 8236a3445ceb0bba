#include "mirror/mirror.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"
#include "config/url.h"
#include "git/upstream.h"
#include "mirror/git_fetch.h"
#include "mirror/listed_refs.h"
#include "mirror/passed_tips.h"

namespace greenwave::hub {

namespace {

constexpr unsigned looks_when_told = 3;

/// Null over ssh, where a question costs as much as a fetch.
std::unique_ptr<git::Upstream> upstream_of(const MirrorConfig& config, const std::atomic<bool>& stop) {
  const auto& upstream = config.upstream;
  if (config::parse_url(upstream.url).scheme == config::Url::Scheme::ssh) return {};
  config::Credentials credentials;
  credentials.username = upstream.username;
  credentials.token_file = upstream.token_file;
  credentials.ca_file = upstream.ca_file;
  return git::make_upstream(
      upstream.url, [credentials] { return git::read_login(credentials); }, {}, stop);
}

}  // namespace

Mirror::Mirror(const MirrorConfig& config, const Log& log)
    : config_(config), log_(log), thread_([this] { follow(); }) {}

Mirror::~Mirror() {
  stop_ = true;
  {
    const Lock lock(mutex_);
    is_asked_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void Mirror::fetch_now() {
  {
    const Lock lock(mutex_);
    is_asked_ = true;
  }
  wakeup_.notify_all();
}

Mirror::Counts Mirror::counts() const {
  const Lock lock(mutex_);
  return counts_;
}

Mirror::Woken Mirror::rest(Duration time) {
  const auto until = std::chrono::steady_clock::now() + time;
  const Lock lock(mutex_);
  while (!stop_ && !is_asked_ && std::chrono::steady_clock::now() < until) wakeup_.wait_until(mutex_, until);
  if (stop_) return Woken::to_stop;
  return std::exchange(is_asked_, false) ? Woken::by_webhook : Woken::by_time;
}

/// What the thread knows from one look at the upstream to the next.
class Mirror::Course {
 public:
  explicit Course(Mirror& mirror)
      : mirror_(mirror),
        config_(mirror.config_),
        upstream_(upstream_of(config_, mirror.stop_)),
        refs_(upstream_.get()),
        tips_(config_, config_.upstream.signed_tips ? upstream_.get() : nullptr) {}

  /// Takes over what has changed. Returns how long until the next look. `is_told`: a webhook says that
  /// something has.
  Duration look(bool is_told) {
    if (is_told) looks_left_ = looks_when_told;
    try {
      prepare();
      const bool has_changed = take_over();
      const bool is_behind = !tips_.pass();
      succeeded();
      return pause_after(has_changed, is_behind);
    } catch (const Error& error) {
      if (mirror_.stop_) return {};
      return failed(error);
    }
  }

 private:
  void prepare() {
    if (is_prepared_) return;
    prepare_mirror(config_);
    tips_.is_wanted() ? tips_.take_charge() : write_tips(config_);
    is_prepared_ = true;
  }

  bool take_over() {
    {
      const Lock lock(mirror_.mutex_);
      ++mirror_.counts_.polls;
    }
    if (!refs_.may_have_changed()) return false;
    {
      const Lock lock(mirror_.mutex_);
      ++mirror_.counts_.fetches;
    }
    fetch_mirror(config_, mirror_.stop_);
    refs_.fetched();
    return true;
  }

  void succeeded() {
    if (!trouble_.empty()) mirror_.log_.info("the upstream can be fetched from again");
    trouble_.clear();
    failures_ = 0;
    const Lock lock(mirror_.mutex_);
    mirror_.counts_.last_success = SystemClock().now();
  }

  /// Sooner where something is expected: a webhook may overtake what it tells of, and a tip its commit.
  Duration pause_after(bool has_changed, bool is_behind) {
    behind_ = is_behind ? behind_ + 1 : 0;
    if (has_changed) looks_left_ = 0;
    auto pause = config_.upstream.interval;
    if (behind_ > 0) pause = std::min(pause, backoff(behind_, {}, 1.0));
    if (looks_left_ > 0) pause = std::min(pause, backoff(looks_when_told + 1 - looks_left_--, {}, 1.0));
    return pause;
  }

  Duration failed(const Error& error) {
    if (error.message() != trouble_) mirror_.log_.error(error.what());
    trouble_ = error.message();
    const Lock lock(mirror_.mutex_);
    ++mirror_.counts_.failures;
    return std::max(config_.upstream.interval, backoff(++failures_, refs_.retry_after(), 1.0));
  }

  Mirror& mirror_;
  const MirrorConfig& config_;
  std::unique_ptr<git::Upstream> upstream_;  ///< null where only git can ask
  ListedRefs refs_;
  PassedTips tips_;
  bool is_prepared_ = false;
  std::string trouble_;
  unsigned failures_ = 0;
  unsigned behind_ = 0;      ///< looks in a row after which a tip was of another commit
  unsigned looks_left_ = 0;  ///< since a webhook came, and nothing had changed
};

void Mirror::follow() {
  Course course(*this);
  auto woken = Woken::by_time;
  do {
    woken = rest(course.look(woken == Woken::by_webhook));
  } while (woken != Woken::to_stop);
}

}  // namespace greenwave::hub
