// Devices that wait for a commit, each on a thread of its own, with the agent's own code: what
// test/bench/tip.py and crowd_test.py measure with.
//
//   tip_load URL CA_FILE DEVICES INTERVAL
//
// Prints "ready" once each device has asked, and then a line for each commit that all of them know of:
// {"commit", "first", "p50", "p99", "last"}, in seconds since the epoch. Ends with its standard input.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "daemon/hold_length.h"
#include "daemon/timetable.h"
#include "git/http_upload_pack.h"
#include "git/library.h"

using namespace greenwave;

namespace {

constexpr const char* ref = "refs/heads/main";

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// What all know.
class Board {
 public:
  explicit Board(std::size_t devices) : devices_(devices) {}

  void learns(const CommitId& commit) {
    const std::lock_guard lock(mutex_);
    auto& times = times_[commit.text()];
    times.push_back(seconds_now());
    if (times.size() != devices_) return;
    if (times_.size() == 1) {
      std::cout << "ready" << std::endl;
      return;
    }
    std::ranges::sort(times);
    const auto at = [&times](double part) {
      return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
    };
    std::cout << fmt::format(R"({{"commit":"{}","first":{:.3f},"p50":{:.3f},"p99":{:.3f},"last":{:.3f}}})",
                             commit.text(), at(0), at(0.5), at(0.99), at(1))
              << std::endl;
  }

 private:
  std::size_t devices_;
  std::mutex mutex_;
  std::map<std::string, std::vector<double>> times_;
};

struct Crowd {
  std::string url;
  std::string authorities;
  Duration interval;
  Board& board;
  std::atomic<bool> stop = false;
  Fd end{::eventfd(0, EFD_CLOEXEC)};
};

class Device {
 public:
  Device(Crowd& crowd, std::size_t number)
      : crowd_(crowd),
        pace_{fmt::format("sf-{}", number), crowd.interval},
        server_(
            crowd.url, [&crowd] { return git::Login{.authorities = crowd.authorities}; }, crowd.stop) {}

  void live() {
    timetable_.start(pace_);
    while (!crowd_.stop) {
      poll();
      watch();
    }
  }

 private:
  void poll() {
    sync::Result result;
    result.answered = true;
    try {
      const auto tip = server_.quick_tip(ref);
      if (tip && *tip != known_) crowd_.board.learns(known_ = *tip);
      server_.leave();
    } catch (const Error&) {
      result.answered = false;
      result.exit_code = 2;
    }
    timetable_.ended(result, pace_, server_.retry_after());
  }

  /// Until the next poll is due.
  void watch() {
    while (!crowd_.stop && !timetable_.is_poll_due()) {
      const auto time = timetable_.time_to_hold();
      if (!server_.can_hold() || !time) {
        const auto idle = timetable_.idle().value_or(Duration::zero());
        std::this_thread::sleep_for(std::min<Duration>(idle, std::chrono::milliseconds(200)));
        continue;
      }
      const auto asked = std::min(*time, length_.next());
      const auto began = std::chrono::steady_clock::now();
      const auto held = server_.hold({.most = asked, .end = crowd_.end.get()});
      const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
      if (held == git::Held::same) length_.lasted(asked);
      timetable_.held(held, pace_);
      if (held != git::Held::lost) continue;
      length_.lost(std::min(took, asked));
      std::this_thread::sleep_for(timetable_.idle().value_or(Duration::zero()));
    }
  }

  Crowd& crowd_;
  const SystemClock clock_;
  daemon::Timetable timetable_{clock_};
  daemon::HoldLength length_;
  daemon::Pace pace_;
  git::HttpUploadPack server_;
  CommitId known_;
};

void run(const std::string& url, const std::string& authorities, std::size_t count, Duration interval) {
  Board board(count);
  Crowd crowd{.url = url, .authorities = authorities, .interval = interval, .board = board};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&crowd, i] { Device(crowd, i).live(); });
    if (i % 50 == 49) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  for (std::string line; std::getline(std::cin, line);) {
  }
  crowd.stop = true;
  ::eventfd_write(crowd.end.get(), 1);
  for (auto& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  raise_descriptor_limit();
  try {
    git::initialize();
    run(argv[1], read_file(argv[2], 1 << 20), std::stoul(argv[3]), std::chrono::seconds(std::stoi(argv[4])));
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  return 0;
}
