#include "git/fallback_transport.h"

#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave::git {

namespace {

constexpr Duration between_looks = std::chrono::minutes(10);

}  // namespace

FallbackTransport::FallbackTransport(std::vector<Source> sources, const std::atomic<bool>& stop,
                                     std::function<void(const std::string&)> told,
                                     std::function<Instant()> now)
    : sources_(std::move(sources)), stop_(stop), told_(std::move(told)), now_(std::move(now)) {}

void FallbackTransport::show_in(FetchProgress& progress) {
  Transport::show_in(progress);
  for (auto& source : sources_) source.transport->show_in(progress);
}

void FallbackTransport::believe(TipJudge judge) {
  for (auto& source : sources_) source.transport->believe(judge);
}

CommitId FallbackTransport::poll(std::size_t index) {
  auto& transport = *sources_[index].transport;
  if (!refs_.empty()) transport.follow(refs_);
  auto commit = transport.poll();
  found_ = transport.found();
  return commit;
}

void FallbackTransport::follow_from(std::size_t index, const std::string& why) {
  if (index > 0 && current_ == 0) look_back_ = now_() + between_looks;
  if (std::exchange(current_, index) == index || !told_) return;
  told_(index == 0 ? fmt::format("{} is followed again", sources_[0].url)
                   : fmt::format("{} is followed, since: {}", sources_[index].url, why));
}

CommitId FallbackTransport::poll() {
  // From the one that is followed, round to those before it.
  auto first = current_;
  if (current_ > 0 && now_() >= look_back_) {
    look_back_ = now_() + between_looks;
    first = 0;
  }
  std::optional<Error> why;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto index = (first + i) % sources_.size();
    try {
      auto commit = poll(index);
      follow_from(index, why ? why->message() : "");
      return commit;
    } catch (const Error& error) {
      sources_[index].transport->rest();
      if (stop_ || error.fault() == Fault::damaged) throw;
      if (!why) {
        why = error;
      } else {
        why = Error(why->fault(), fmt::format("{}; {}", why->message(), error.message()), why->remedy());
      }
    }
  }
  throw *why;
}

void FallbackTransport::rest() {
  for (auto& source : sources_) source.transport->rest();
}

std::uint64_t FallbackTransport::bytes_received() const {
  return std::accumulate(
      sources_.begin(), sources_.end(), std::uint64_t{0},
      [](auto sum, const Source& source) { return sum + source.transport->bytes_received(); });
}

}  // namespace greenwave::git
