#include "drivers/host/write_behind.h"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace greenwave::drivers::host {

void WriteBehind::begin(int directory) {
  if (round_.valid()) {
    if (round_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    if (const int failed = round_.get()) failed_ = failed;
  }
  Fd fd(::fcntl(directory, F_DUPFD_CLOEXEC, 3));
  if (!fd) return;
  auto write_out = [fd = std::move(fd)] { return ::syncfs(fd.get()) == 0 ? 0 : errno; };
  try {
    round_ = std::async(std::launch::async, std::move(write_out));
  } catch (const std::system_error&) {
    round_ = {};
  }
}

int WriteBehind::end() {
  if (round_.valid()) {
    if (const int failed = round_.get()) failed_ = failed;
  }
  return std::exchange(failed_, 0);
}

}  // namespace greenwave::drivers::host
