#include "notices/notifier.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "http/credentials.h"
#include "notices/queue.h"

namespace greenwave::hub {

namespace {

constexpr Duration longest_round = std::chrono::seconds(10);
constexpr Duration first_pause = std::chrono::seconds(5);
constexpr Duration longest_pause = std::chrono::minutes(15);
constexpr auto forget_every = std::chrono::hours(6);
constexpr std::size_t most_authorities = 1024 * 1024;
constexpr std::size_t most_answer = 64 * 1024;

Duration pause_after(int tries) {
  return std::min(longest_pause, first_pause * (1 << std::clamp(tries - 1, 0, 10)));
}

/// GitLab refuses a status that the commit has already: then it was told.
bool has_it_already(const Reply& reply) {
  return reply.status == 400 && reply.body.find("Cannot transition status") != std::string::npos;
}

std::vector<std::string> reasons_of(const CommitStanding& commit) {
  std::set<std::string> reasons;
  for (const auto& failure : commit.failures) reasons.insert(failure.reason);
  if (reasons.empty()) reasons.insert("");
  return {reasons.begin(), reasons.end()};
}

}  // namespace

Notifier::Notifier(const HubConfig& config, Loop& loop, const Log& log, Connection& writer,
                   Connection& reader, Outbound& outbound)
    : config_(config), loop_(loop), log_(log), writer_(writer), reader_(reader), outbound_(outbound) {
  const auto& notices = config_.notices;
  if (notices.webhook) channels_.emplace_back("webhook");
  if (notices.mail) {
    channels_.emplace_back("mail");
    mailer_ = std::make_unique<Mailer>(*notices.mail, loop_);
  }
  kinds_ = channels_;
  if (notices.commits) kinds_.emplace_back("status");
}

Notifier::~Notifier() {
  loop_.cancel(timer_);
}

void Notifier::begin() {
  loop_.cancel(timer_);
  look();
}

void Notifier::ask(Query query) {
  writer_.ask(std::move(query), [this](const Answer& answer) {
    if (const auto& failure = answer.failure(); failure && !failure->unavailable) {
      log_.warning(fmt::format("notices could not be kept: {}", failure->message));
    }
  });
}

void Notifier::look() {
  timer_ = loop_.after(std::min(longest_round, config_.notices.pace / 4), [this] { look(); });
  reader_.ask(rollout_query(config_.city), [this](const Answer& answer) { judge(answer); });
  if (kinds_.empty()) return;
  take();
  reader_.ask(count_waiting(config_.city), [this](const Answer& answer) {
    if (!answer.failure() && answer.rows() == 1) waiting_ = answer.number(0, 0);
  });
  const auto now = std::chrono::steady_clock::now();
  if (forgot_ != Instant{} && now - forgot_ < forget_every) return;
  forgot_ = now;
  ask(forget_told(config_.city, config_.keep_history));
}

void Notifier::judge(const Answer& answer) {
  if (answer.failure()) return;
  std::vector<CommitStanding> commits;
  try {
    const auto rollout = read_rollout(answer.text(0, 0));
    halted_ = static_cast<std::size_t>(
        std::ranges::count_if(rollout.waves, [](const auto& wave) { return !wave.halted.empty(); }));
    commits = commits_of(rollout.waves);
  } catch (const Error& error) {
    log_.error(error.what());
    return;
  }
  const auto& notices = config_.notices;
  std::vector<std::string> halted;
  for (const auto& commit : commits) {
    if (notices.commits)
      ask(tell_status(config_.city, commit.commit, status_json(config_.city, commit, notices.page)));
    if (commit.halted.empty()) continue;
    halted.push_back(commit.commit);
    if (notices.tells()) {
      ask(tell_halt(config_.city, commit.commit, reasons_of(commit), channels_,
                    halt_json(config_.city, commit, notices.page), notices.pace));
    }
  }
  if (notices.tells()) ask(tell_over(config_.city, halted, channels_, notices.pace));
}

void Notifier::take() {
  writer_.ask(take_due(config_.city, kinds_), [this](const Answer& answer) {
    if (answer.failure()) return;
    for (int row = 0; row < answer.rows(); ++row) {
      tell({.kind = std::string(answer.text(row, 0)),
            .subject = std::string(answer.text(row, 1)),
            .body = std::string(answer.text(row, 3)),
            .tries = static_cast<int>(answer.number(row, 2))});
    }
  });
}

void Notifier::tell(const Taken& taken) {
  ++under_way_;
  try {
    const auto body = nlohmann::json::parse(taken.body);
    const auto& notices = config_.notices;
    if (taken.kind == "webhook") {
      const auto secret =
          http::read_token(notices.webhook->secret_file, "put the signature's key there, in one word");
      call(taken, webhook_call(*notices.webhook, body, secret), notices.webhook->authorities);
    } else if (taken.kind == "status") {
      const auto token =
          http::read_token(notices.commits->token_file, "put a token there that may set a commit's status");
      call(taken, status_call(*notices.commits, body, token), notices.commits->authorities);
    } else {
      mailer_->send(mail_text(*notices.mail, body, SystemClock().now()),
                    [this, taken](const std::string& failure) {
                      if (failure.empty()) {
                        succeed(taken);
                      } else {
                        fail(taken, failure);
                      }
                    });
    }
  } catch (const Error& error) {
    fail(taken, error.what());
  } catch (const nlohmann::json::exception& error) {
    fail(taken, fmt::format("the notice is damaged: {}", error.what()));
  }
}

void Notifier::call(const Taken& taken, Call call, const std::filesystem::path& authorities) {
  if (!authorities.empty()) call.authorities = read_file(authorities, most_authorities);
  call.most_bytes = most_answer;
  outbound_.send(std::move(call), [this, taken](const Reply& reply) {
    if (reply.success() || (taken.kind == "status" && has_it_already(reply))) {
      succeed(taken);
    } else {
      fail(taken,
           reply.failure ? reply.failure->what() : fmt::format("the server answered HTTP {}", reply.status),
           reply.retry_after);
    }
  });
}

void Notifier::succeed(const Taken& taken) {
  --under_way_;
  if (std::exchange(fails_[taken.kind], false))
    log_.info(fmt::format("{}: notices are told again", taken.kind));
  log_.debug(fmt::format("{}: told of {}", taken.kind, taken.subject));
  writer_.ask(settle(config_.city, taken.kind, taken.subject, taken.body), [this](const Answer& answer) {
    if (!answer.failure()) take();  // the next one waited for it
  });
}

void Notifier::fail(const Taken& taken, const std::string& why, Duration retry_after) {
  --under_way_;
  if (!std::exchange(fails_[taken.kind], true)) {
    log_.warning(fmt::format("{}: a notice could not be told, and is tried again: {}", taken.kind, why));
  }
  ask(put_off(config_.city, taken.kind, taken.subject, taken.body,
              std::max(pause_after(taken.tries), retry_after)));
}

}  // namespace greenwave::hub
