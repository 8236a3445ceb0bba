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
std::optional<Item> take(std::deque<Item>& items, typename std::deque<Item>::iterator at) {
  if (at == items.end()) return {};
  auto item = std::move(*at);
  items.erase(at);
  return item;
}

std::deque<Asked>::iterator first_of(std::deque<Asked>& syncs, Give give) {
  return std::ranges::find_if(
      syncs, [&](const Asked& one) { return give == Give::all || one.request.bundle != nullptr; });
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
  if (parts_++ > 0) return;
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
  if (--parts_ == 0) under_way_.clear();
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
    if (stopped_too_) *stopped_too_ = true;
  }
  arrived_.notify_all();
}

void RequestQueue::stops_too(std::shared_ptr<std::atomic<bool>> flag) {
  const Lock lock(mutex_);
  stopped_too_ = std::move(flag);
  if (stopped_) *stopped_too_ = true;
}

Work RequestQueue::next(Instant wake, Give give) {
  const Lock lock(mutex_);
  while (!stopped_ && !reload_ && first_of(syncs_, give) == syncs_.end() && jobs_.empty()) {
    if (!arrived_.wait_until(mutex_, wake)) break;
  }
  Work work;
  work.reload = std::exchange(reload_, false);
  work.job = take(jobs_, jobs_.begin()).value_or(nullptr);
  work.sync = take(syncs_, first_of(syncs_, give));
  return work;
}

void RequestQueue::close() {
  std::deque<std::function<void()>> dropped;  // destroyed when the lock is released: who waits may ask again
  const Lock lock(mutex_);
  closed_ = true;
  dropped.swap(jobs_);
}

}  // namespace greenwave::daemon
