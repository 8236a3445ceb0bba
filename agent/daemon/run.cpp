#include "daemon/agent.h"

namespace greenwave::daemon {

std::optional<sync::Event> Run::next(Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const Lock lock(mutex_);
  while (events_.empty()) {
    if (!arrived_.wait_until(mutex_, deadline) && events_.empty()) return {};
  }
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Run::add(sync::Event event) {
  {
    const Lock lock(mutex_);
    events_.push_back(std::move(event));
  }
  arrived_.notify_all();
}

}  // namespace greenwave::daemon
