#include "loop/loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

namespace greenwave::hub {

namespace {

std::uint32_t events_of(unsigned interests) {
  std::uint32_t events = 0;
  if (interests & Loop::reading) events |= EPOLLIN;
  if (interests & Loop::writing) events |= EPOLLOUT;
  return events;
}

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !wakeup_) throw system_error("make", "an event loop");
  watch(wakeup_.get(), reading, [this] {
    std::uint64_t count = 0;
    while (::read(wakeup_.get(), &count, sizeof count) > 0) {
    }
  });
}

Loop::~Loop() = default;

void Loop::watch(int fd, unsigned interests, Callback ready) {
  const auto known = watched_.find(fd);
  if (known != watched_.end() && known->second->interests == interests) {
    known->second->ready = std::move(ready);
    return;
  }
  epoll_event event{};
  event.events = events_of(interests);
  event.data.fd = fd;
  const int operation = known == watched_.end() ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) throw system_error("watch", "a descriptor");
  watched_[fd] = std::make_shared<Watched>(Watched{interests, std::move(ready)});
}

void Loop::unwatch(int fd) {
  if (watched_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Loop::Timer Loop::after(Duration delay, Callback due) {
  const auto when = std::chrono::steady_clock::now() + delay;
  const auto timer = ++last_timer_;
  timers_.emplace(Key{when, timer}, std::move(due));
  due_.emplace(timer, when);
  return timer;
}

void Loop::cancel(Timer timer) {
  const auto found = due_.find(timer);
  if (found == due_.end()) return;
  timers_.erase({found->second, timer});
  due_.erase(found);
}

void Loop::before_waiting(std::function<std::optional<Duration>()> callback) {
  before_waiting_ = std::move(callback);
}

void Loop::post(Callback callback) {
  {
    const Lock lock(mutex_);
    posted_.push_back(std::move(callback));
  }
  wake();
}

void Loop::wake() const {
  const std::uint64_t one = 1;
  // Fails only where it is awake already.
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

void Loop::stop() {
  stopped_ = true;
  wake();
}

void Loop::run() {
  while (!stopped_) {
    call_posted();
    call_due();
    wish_ = before_waiting_ ? before_waiting_() : std::nullopt;
    wait();
  }
}

int Loop::longest_wait() const {
  constexpr auto most = std::chrono::milliseconds(60'000);
  auto wait = most;
  if (wish_) wait = std::min(wait, *wish_);
  if (!timers_.empty()) {
    const auto left = timers_.begin()->first.first - std::chrono::steady_clock::now();
    wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(left));
  }
  return static_cast<int>(std::max<std::int64_t>(0, wait.count()));
}

void Loop::wait() {
  std::array<epoll_event, 256> events{};
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), longest_wait());
  if (count < 0 && errno != EINTR) throw system_error("wait for", "descriptors");
  for (int i = 0; i < count; ++i) {
    const auto found = watched_.find(events[static_cast<std::size_t>(i)].data.fd);
    if (found == watched_.end()) continue;
    const auto watched = found->second;  // lives on if it unwatches itself
    watched->ready();
  }
}

void Loop::call_due() {
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto first = timers_.extract(timers_.begin());
    due_.erase(first.key().second);
    first.mapped()();
  }
}

void Loop::call_posted() {
  std::vector<Callback> callbacks;
  {
    const Lock lock(mutex_);
    callbacks.swap(posted_);
  }
  for (const auto& callback : callbacks) callback();
}

}  // namespace greenwave::hub
