#include "git/fallback_transport.h"

#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave::git {

namespace {

constexpr Duration between_looks = std::chrono::minutes(10);

/// One reason after the other; what the first one asks for stays.
void add_reason(std::optional<Error>& why, const Error& error) {
  why = why ? Error(why->fault(), fmt::format("{}; {}", why->message(), error.message()), why->remedy())
            : error;
}

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

FallbackTransport::Place FallbackTransport::poll(std::size_t index) {
  auto& transport = *sources_[index].transport;
  if (!refs_.empty()) transport.follow(refs_);
  auto commit = transport.poll();
  return {index, std::move(commit), transport.found(), transport.has_expired()};
}

void FallbackTransport::follow_from(std::size_t index, const std::string& why) {
  if (index > 0 && current_ == 0) look_back_ = now_() + between_looks;
  if (std::exchange(current_, index) == index || !told_) return;
  told_(index == 0 ? fmt::format("{} is followed again", sources_[0].url)
                   : fmt::format("{} is followed, since: {}", sources_[index].url, why));
}

std::size_t FallbackTransport::first_to_poll() {
  if (current_ == 0 || now_() < look_back_) return current_;
  look_back_ = now_() + between_looks;
  return 0;
}

bool FallbackTransport::may_look_around() {
  if (now_() < look_around_) return false;
  look_around_ = now_() + between_looks;
  return true;
}

CommitId FallbackTransport::poll() {
  // From the one that is followed, round to those before it.
  const auto first = first_to_poll();
  std::optional<Place> best;
  std::optional<Error> why;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto index = (first + i) % sources_.size();
    try {
      auto place = poll(index);
      const bool is_enough = !place.has_expired || (index == current_ && !may_look_around());
      // Who judges tips takes none that is older than another, expired or not.
      if (!best || !place.has_expired || place.commit != best->commit) best = std::move(place);
      if (is_enough) break;
      add_reason(why, Error(Fault::untrusted, fmt::format("the signed tip that {} has is an expired one",
                                                          sources_[index].url)));
    } catch (const Error& error) {
      sources_[index].transport->rest();
      if (stop_ || error.fault() == Fault::damaged) throw;
      add_reason(why, error);
    }
  }
  if (!best) throw *why;
  follow_from(best->index, why ? why->message() : "");
  found_ = best->ref;
  has_expired_ = best->has_expired;
  return best->commit;
}

/// Objects are what their names say, whoever sends them.
void FallbackTransport::from_any(const std::function<void(Transport&)>& get) {
  std::optional<Error> why;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto index = (current_ + i) % sources_.size();
    try {
      get(*sources_[index].transport);
      follow_from(index, why ? why->message() : "");
      return;
    } catch (const Error& error) {
      if (stop_ || error.fault() == Fault::damaged) throw;
      add_reason(why, error);
    }
  }
  throw *why;
}

void FallbackTransport::fetch(const CommitId& commit, Store& store, const Visit& visit) {
  from_any([&](Transport& from) { from.fetch(commit, store, visit); });
}

void FallbackTransport::fetch_history(const CommitId& commit, Store& store, std::size_t generations) {
  from_any([&](Transport& from) { from.fetch_history(commit, store, generations); });
}

void FallbackTransport::fetch_trees(const Missing& names, Store& store) {
  from_any([&](Transport& from) { from.fetch_trees(names, store); });
}

std::optional<std::string> FallbackTransport::fetch_tag(const std::string& ref, Store& store) {
  std::optional<std::string> tag;
  from_any([&](Transport& from) { tag = from.fetch_tag(ref, store); });
  return tag;
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
