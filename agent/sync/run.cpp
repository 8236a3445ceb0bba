#include "sync/agent.h"

namespace greenwave::sync {

std::optional<Event> Run::next(Duration timeout) {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, timeout, [this] { return !events_.empty(); })) return {};
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Run::add(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  arrived_.notify_all();
}

}  // namespace greenwave::sync
