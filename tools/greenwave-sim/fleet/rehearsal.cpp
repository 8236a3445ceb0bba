#include "fleet/rehearsal.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "fleet/recording_server.h"
#include "git/server_transport.h"
#include "render/cluster_file.h"
#include "render/local_engine.h"
#include "sync/intake/git_intake.h"

namespace greenwave::sim {

namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

config::Config config_of(const CityAddress& city, const std::string& device,
                         const std::filesystem::path& state) {
  config::Config config;
  config.device = device;
  config.repository.url = fmt::format("https://{}:{}{}", city.host, city.port, city.path);
  config.repository.branch = city.branch;
  config.state_directory = state;
  return config;
}

/// An agent's intake, with what it works with.
class Intake {
 public:
  Intake(const CityAddress& city, const std::string& device, const std::filesystem::path& state,
         std::atomic<bool>& stop)
      : config_(config_of(city, device, state)), stop_(stop) {
    if (!city.signers.empty()) trust_.emplace(read_file(city.signers, largest_file), city.signers);
    const auto authorities = read_file(city.authorities, largest_file);
    auto server = std::make_unique<RecordingServer>(
        config_.repository.url, [authorities] { return git::Login{.authorities = authorities}; }, stop,
        requests);
    transport_ = std::make_unique<git::ServerTransport>(std::move(server), city.branch, "", stop);
    own_ = std::make_unique<sync::GitIntake>(
        sync::IntakeParts{.config = config_,
                          .facts = facts_,
                          .log = log_,
                          .clock = clock_,
                          .transport = *transport_,
                          .trust = trust_ ? &*trust_ : nullptr,
                          .stop = stop,
                          .give_up = stop,
                          .heartbeat = [] {},
                          .begin_render = [] { return std::make_unique<render::LocalEngine>(); },
                          .reveal = [](const SourceTree&) { return std::vector<std::string>(); }});
  }

  sync::Intake& own() { return *own_; }

  std::vector<GitRequest> requests;

 private:
  const config::Config config_;
  const Labels facts_;
  const Log log_{Level::error};
  const SystemClock clock_;
  std::atomic<bool>& stop_;
  std::optional<git::Trust> trust_;
  std::unique_ptr<git::ServerTransport> transport_;
  std::unique_ptr<sync::GitIntake> own_;
};

}  // namespace

Rehearsals::Rehearsals(const Scenario& scenario, hub::Loop& loop)
    : scenario_(scenario), loop_(loop), thread_([this] { work(); }) {}

Rehearsals::~Rehearsals() {
  {
    const Lock lock(mutex_);
    stop_ = true;
  }
  has_work_.notify_all();
  thread_.join();
}

void Rehearsals::ask(const Step& step, const std::string& device, const sync::Following& following,
                     Answer answer) {
  const auto [found, is_new] = known_.try_emplace(step);
  if (found->second.fetched) return answer(found->second.fetched);
  found->second.waiting.push_back(std::move(answer));
  if (!is_new) return;
  {
    const Lock lock(mutex_);
    works_.push_back({step, device, following});
  }
  has_work_.notify_all();
}

void Rehearsals::work() {
  while (true) {
    Work next;
    {
      const Lock lock(mutex_);
      while (works_.empty() && !stop_) has_work_.wait(mutex_);
      if (stop_) return;
      next = std::move(works_.front());
      works_.erase(works_.begin());
    }
    auto fetched = rehearse(next);
    loop_.post([this, step = next.step, fetched = std::move(fetched)] { tell(step, fetched); });
  }
}

std::shared_ptr<const Fetched> Rehearsals::rehearse(const Work& work) try {
  const auto directory = scenario_.scratch / fmt::format("device-{}", ++made_);
  sync::Question question;
  const auto disk = disks_.find({work.step.city, work.step.from});
  if (disk != disks_.end()) {
    std::filesystem::copy(disk->second.directory, directory, std::filesystem::copy_options::recursive);
    question.remembered = disk->second.remembered;
  }
  question.remembered.following = work.following;
  Intake intake(scenario_.cities[work.step.city], work.device, directory, stop_);
  if (!work.step.from.empty()) {
    if (disk == disks_.end()) intake.own().bring(work.step.from);
    question.own = {.applied = work.step.from, .is_whole = true};
    intake.requests.clear();
  }
  const auto arrival = intake.own().receive(question, [](const std::string&) {});
  if (!arrival.answered) return {};
  auto fetched = std::make_shared<Fetched>();
  fetched->requests = intake.requests;
  fetched->ref = arrival.ref;
  fetched->target = arrival.target;
  if (arrival.why_not) fetched->why_not = arrival.why_not->what();
  if (arrival.commit.empty()) return fetched;
  fetched->commit = intake.own().about(arrival.commit);
  Problems problems;
  fetched->cluster = render::read_cluster(*intake.own().files(arrival.commit), problems);
  disks_[{work.step.city, arrival.commit}] = {directory, arrival.remembered};
  return fetched;
} catch (const Error& error) {
  if (passes(error.fault())) return {};
  return std::make_shared<Fetched>(Fetched{.why_not = error.what(), .target = work.step.to});
}

void Rehearsals::tell(const Step& step, const std::shared_ptr<const Fetched>& fetched) {
  const auto found = known_.find(step);
  auto waiting = std::move(found->second.waiting);
  found->second.waiting.clear();
  // What the ref names now may be another commit than the one that was asked for: the next step knows it.
  const bool is_this = fetched && (step.to.empty() || fetched->target == step.to);
  if (is_this) {
    found->second.fetched = fetched;
  } else {
    known_.erase(found);
  }
  for (const auto& answer : waiting) answer(is_this ? fetched : nullptr);
}

}  // namespace greenwave::sim
