#include "daemon/fetch_teller.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/shown_line.h"

namespace greenwave::daemon {

namespace {

constexpr auto look = std::chrono::milliseconds(250);
constexpr Duration between_lines = std::chrono::seconds(10);

/// What of a fetch was told last.
struct Told {
  CommitId commit;
  Duration took{};
};

void tell_line(const git::Fetching& fetch, const Log& log, Told& told) {
  if (fetch.commit != told.commit || fetch.took < told.took) told = {fetch.commit, {}};
  if (fetch.took - told.took < between_lines) return;
  told.took = fetch.took;
  log.info(in_words(fetch));
}

void tell(const std::stop_token& end, const git::FetchProgress& progress, const Log& log) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  Told told;
  while (!ended.wait_for(lock, end, look, [&] { return end.stop_requested(); })) {
    const auto fetch = progress.read();
    if (can_show_line()) {
      show_line(fetch ? in_words(*fetch) : "");
    } else if (fetch) {
      tell_line(*fetch, log, told);
    }
  }
  show_line("");
}

}  // namespace

FetchTeller::FetchTeller(const git::FetchProgress& fetch, const Log& log)
    : thread_([&fetch, &log](const std::stop_token& end) { tell(end, fetch, log); }) {}

}  // namespace greenwave::daemon
