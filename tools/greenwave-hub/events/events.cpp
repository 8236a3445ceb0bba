#include "events/events.h"

#include <charconv>
#include <random>
#include <utility>

#include <fmt/format.h>

namespace greenwave::hub {

namespace {

constexpr auto keep_alive_every = std::chrono::seconds(15);
constexpr std::size_t most_told_bytes = 4 * 1024 * 1024;
constexpr std::string_view reset = "event: reset\ndata: {}\n\n";

}  // namespace

Events::Events(Loop& loop) : loop_(loop), run_(fmt::format("{:08x}", std::random_device()())) {
  timer_ = loop_.after(keep_alive_every, [this] { keep_alive(); });
}

Events::~Events() {
  loop_.cancel(timer_);
  end_all();
}

void Events::end_all() {
  for (const auto& listener : std::exchange(listeners_, {})) listener->end();
}

void Events::add(std::shared_ptr<HttpStream> listener, std::string_view last_id) {
  listener->send("retry: 2000\n\n");
  const bool ours = last_id.starts_with(run_ + "-");
  std::uint64_t had = 0;
  if (ours) std::from_chars(last_id.data() + run_.size() + 1, last_id.data() + last_id.size(), had);
  const bool complete =
      ours && had <= last_ && (told_.empty() ? had == last_ : had + 1 >= told_.front().number);
  if (complete) {
    for (const auto& one : told_) {
      if (one.number > had) listener->send(one.text);
    }
  } else {
    listener->send(reset);
  }
  listeners_.push_back(std::move(listener));
}

std::string Events::last_id() const {
  return fmt::format("{}-{}", run_, last_);
}

std::string Events::text_of(std::string_view kind, std::string_view data) {
  return fmt::format("id: {}-{}\nevent: {}\ndata: {}\n\n", run_, ++last_, kind, data);
}

void Events::publish(std::string_view kind, std::string_view data) {
  auto text = text_of(kind, data);
  send(text);
  told_bytes_ += text.size();
  told_.push_back({last_, std::move(text)});
  while (told_bytes_ > most_told_bytes) {
    told_bytes_ -= told_.front().text.size();
    told_.pop_front();
  }
}

void Events::publish_reset() {
  ++last_;
  told_.clear();
  told_bytes_ = 0;
  send(reset);
}

void Events::send(std::string_view text) {
  listeners_.remove_if([&](const auto& listener) { return !listener->send(text); });
}

void Events::keep_alive() {
  timer_ = loop_.after(keep_alive_every, [this] { keep_alive(); });
  send(": alive\n\n");
}

}  // namespace greenwave::hub
