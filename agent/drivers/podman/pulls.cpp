#include "drivers/podman/pulls.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

namespace {

constexpr std::size_t most_at_once = 3;
constexpr auto between_beats = std::chrono::milliseconds(100);

Instant now() {
  return Instant::clock::now();
}

}  // namespace

Pulls::Pulls(PullOne pull_one, std::optional<Duration> patience, const std::atomic<bool>& stop,
             std::function<void()> while_waiting)
    : pull_one_(std::move(pull_one)),
      patience_(patience),
      stop_(stop),
      while_waiting_(std::move(while_waiting)) {}

Pulls::~Pulls() {
  end_ = true;
  std::list<Pull> last;
  {
    const Lock lock(mutex_);
    last.splice(last.end(), pulls_);
  }
  for (auto& pull : last) pull.thread.join();
}

Pulls::Pull* Pulls::find(const std::string& reference) {
  const auto found = std::ranges::find(pulls_, reference, &Pull::reference);
  return found != pulls_.end() ? &*found : nullptr;
}

void Pulls::begin(const std::string& reference, const std::string& auth) {
  auto& pull = pulls_.emplace_back();
  pull.reference = reference;
  pull.began = now();
  pull.thread = std::thread([this, &pull, auth] { run(pull, auth); });
}

void Pulls::run(Pull& pull, const std::string& auth) {
  std::string id;
  std::optional<Error> error;
  try {
    id = pull_one_(pull.reference, auth, end_);
  } catch (const Error& thrown) {
    error = thrown;
  }
  const Lock lock(mutex_);
  pull.id = std::move(id);
  pull.error = std::move(error);
  pull.ended = true;
  ended_.notify_all();
}

bool Pulls::may_wait() {
  if (stop_) return false;
  if (!patience_) return true;
  if (!waits_until_) waits_until_ = now() + *patience_;
  return now() < *waits_until_;
}

std::string Pulls::take(Pull& pull) {
  pull.thread.join();
  auto id = std::move(pull.id);
  const auto error = std::move(pull.error);
  const Lock lock(mutex_);
  pulls_.remove_if([&pull](const Pull& each) { return &each == &pull; });
  if (error) throw *error;
  return id;
}

std::string Pulls::take(const std::string& reference) {
  Pull* pull = nullptr;
  {
    const Lock lock(mutex_);
    pull = find(reference);
    if (pull == nullptr || !pull->ended) return {};
  }
  return take(*pull);
}

std::string Pulls::pull(const std::string& reference, const std::string& auth) {
  Pull* pull = nullptr;
  {
    const Lock lock(mutex_);
    const auto runs = [](const Pull& each) { return !each.ended; };
    for (;;) {
      pull = find(reference);
      if (pull == nullptr &&
          std::ranges::count_if(pulls_, runs) < static_cast<std::ptrdiff_t>(most_at_once)) {
        begin(reference, auth);
        continue;
      }
      if (pull != nullptr && pull->ended) break;
      if (!may_wait()) {
        throw Error(Fault::transient,
                    pull != nullptr
                        ? fmt::format("the image {} is being pulled, for {} now", printable(reference),
                                      to_words(std::chrono::floor<std::chrono::seconds>(now() - pull->began)))
                        : fmt::format("the image {} waits until others are pulled", printable(reference)),
                    "the old pod stays until it is here");
      }
      while_waiting_();
      ended_.wait_until(mutex_, now() + between_beats);
    }
  }
  return take(*pull);
}

Pulls::PullOne pull_from(std::filesystem::path socket) {
  return [socket = std::move(socket)](const std::string& reference, const std::string& auth,
                                      const std::atomic<bool>& end) {
    Service service(socket, end);
    return service.pull(reference, auth);
  };
}

}  // namespace greenwave::drivers::podman
