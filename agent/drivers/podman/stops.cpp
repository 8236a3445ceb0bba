#include "drivers/podman/stops.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

/// One that ends at once does so after one that did not, too.
constexpr auto own_patience = std::chrono::seconds(2);

}  // namespace

Stops::Stops(std::filesystem::path socket, std::optional<Duration> patience, const std::atomic<bool>& stop,
             std::function<void()> while_waiting)
    : socket_(std::move(socket)),
      patience_(patience),
      stop_(stop),
      while_waiting_(std::move(while_waiting)) {}

Stops::~Stops() {
  end_ = true;
  std::list<Order> last;
  {
    const Lock lock(mutex_);
    last.splice(last.end(), orders_);
  }
  for (auto& order : last) order.thread.join();
}

void Stops::begin_pass() {
  const Lock lock(mutex_);
  waits_until_.reset();
}

Stops::Order* Stops::find(const std::string& pod) {
  const auto found = std::ranges::find(orders_, pod, &Order::pod);
  return found != orders_.end() ? &*found : nullptr;
}

void Stops::begin_locked(const std::vector<Container>& pod) {
  if (find(pod.front().pod) != nullptr) return;
  auto& order = orders_.emplace_back();
  order.pod = pod.front().pod;
  order.began = Instant::clock::now();
  order.grace = grace_of(pod);
  order.thread = std::thread([this, &order, pod] { run(order, pod); });
}

void Stops::begin(const std::vector<Container>& pod) {
  const Lock lock(mutex_);
  begin_locked(pod);
}

void Stops::run(Order& order, const std::vector<Container>& pod) {
  std::optional<Error> error;
  try {
    Service service(socket_, end_);
    stop_gently(service, pod);
  } catch (const Error& thrown) {
    error = thrown;
  }
  const Lock lock(mutex_);
  order.error = std::move(error);
  order.ended = true;
  ended_.notify_all();
}

bool Stops::is_under_way(const std::string& pod) {
  std::list<Order> done;
  {
    const Lock lock(mutex_);
    const auto found = std::ranges::find(orders_, pod, &Order::pod);
    if (found == orders_.end()) return false;
    if (!found->ended) return true;
    done.splice(done.end(), orders_, found);
  }
  for (auto& order : done) order.thread.join();
  return false;
}

void Stops::stop(const std::vector<std::vector<Container>>& pods) {
  {
    const Lock lock(mutex_);
    for (const auto& pod : pods) begin_locked(pod);
  }
  for (const auto& pod : pods) wait_for(pod.front().pod);
}

bool Stops::may_wait() {
  if (stop_) return false;
  if (!patience_) return true;
  if (!waits_until_) waits_until_ = Instant::clock::now() + *patience_;
  return Instant::clock::now() < *waits_until_;
}

void Stops::wait_for(const std::string& pod) {
  std::list<Order> done;
  const auto least = Instant::clock::now() + own_patience;
  {
    const Lock lock(mutex_);
    for (;;) {
      const auto found = std::ranges::find(orders_, pod, &Order::pod);
      if (found == orders_.end()) return;
      if (found->ended) {
        done.splice(done.end(), orders_, found);
        break;
      }
      if (!may_wait() && (stop_ || Instant::clock::now() >= least)) {
        throw Error(
            Fault::transient,
            fmt::format(
                "the pod {} has been told to end for {} now, and has {} for it", printable(pod),
                to_words(std::chrono::floor<std::chrono::seconds>(Instant::clock::now() - found->began)),
                to_words(found->grace)),
            "what follows waits for its end");
      }
      if (while_waiting_) while_waiting_();
      ended_.wait_until(mutex_, Instant::clock::now() + std::chrono::milliseconds(100));
    }
  }
  done.front().thread.join();
  if (done.front().error) throw *done.front().error;
}

}  // namespace greenwave::drivers::podman
