#include "daemon/request_queue.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace greenwave::daemon {

namespace {

/// A sync serves everyone who asked for it: it does what any of them asked for.
void join(sync::Request& waiting, const sync::Request& request) {
  waiting.force |= request.force;
  waiting.allow_empty |= request.allow_empty;
  if (!request.now) return;
  waiting.now = true;
  waiting.who = request.who;
  waiting.reason = request.reason;
}

sync::Event earlier(sync::Event event) {
  event.earlier = true;
  if (event.kind == "done") {
    event.kind = "waiting";
    event.text = "it has ended: " + event.text;
  }
  return event;
}

void tell(const std::deque<Asked>& waiting, const sync::Event& event) {
  for (const auto& asked : waiting) {
    for (const auto& run : asked.runs) run->add(event);
  }
}

template <typename Item>
std::optional<Item> take_first(std::deque<Item>& items) {
  if (items.empty()) return {};
  auto first = std::move(items.front());
  items.pop_front();
  return first;
}

}  // namespace

std::shared_ptr<Run> RequestQueue::ask(const sync::Request& request) {
  auto run = std::make_shared<Run>();
  {
    const Lock lock(mutex_);
    for (const auto& event : under_way_) run->add(event);
    const bool from_bundle = request.bundle != nullptr;
    const auto waiting = std::ranges::find_if(
        syncs_, [&](const Asked& one) { return (one.request.bundle != nullptr) == from_bundle; });
    if (waiting == syncs_.end()) {
      syncs_.push_back({request, {run}});
    } else if (from_bundle) {
      throw Error(Fault::conflict, "a sync from a bundle waits already", "try again when it has ended");
    } else {
      join(waiting->request, request);
      waiting->runs.push_back(run);
    }
  }
  arrived_.notify_all();
  return run;
}

void RequestQueue::post(std::function<void()> job) {
  {
    const Lock lock(mutex_);
    if (!closed_) jobs_.push_back(std::move(job));
  }
  arrived_.notify_all();
}

void RequestQueue::reload() {
  {
    const Lock lock(mutex_);
    reload_ = true;
  }
  arrived_.notify_all();
}

void RequestQueue::begin(const std::string& what) {
  const Lock lock(mutex_);
  under_way_ = {
      earlier({.kind = "waiting", .text = what + " is under way; this sync begins when it has ended"})};
  daemon::tell(syncs_, under_way_.front());
}

void RequestQueue::tell(const sync::Event& event) {
  const auto told = earlier(event);
  const Lock lock(mutex_);
  if (told.kind == "phase") {
    under_way_.resize(1);
    under_way_.push_back(told);
  }
  daemon::tell(syncs_, told);
}

void RequestQueue::end() {
  const Lock lock(mutex_);
  under_way_.clear();
}

bool RequestQueue::stops_within(Duration time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  const Lock lock(mutex_);
  while (!stopped_) {
    if (!arrived_.wait_until(mutex_, deadline) && !stopped_) return false;
  }
  return true;
}

void RequestQueue::stop() {
  {
    const Lock lock(mutex_);  // else next() may look just before it, and sleep just after
    stopped_ = true;
  }
  arrived_.notify_all();
}

Work RequestQueue::next(Instant wake) {
  const Lock lock(mutex_);
  while (!stopped_ && !reload_ && syncs_.empty() && jobs_.empty()) {
    if (!arrived_.wait_until(mutex_, wake)) break;
  }
  Work work;
  work.reload = std::exchange(reload_, false);
  work.job = take_first(jobs_).value_or(nullptr);
  work.sync = take_first(syncs_);
  return work;
}

void RequestQueue::close() {
  std::deque<std::function<void()>> dropped;  // destroyed when the lock is released: who waits may ask again
  const Lock lock(mutex_);
  closed_ = true;
  dropped.swap(jobs_);
}

}  // namespace greenwave::daemon
