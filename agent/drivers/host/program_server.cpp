#include "drivers/host/program_server.h"

#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/error.h"
#include "base/file.h"
#include "drivers/host/program_call.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_request = 16 << 20;
/// Of one read or write: who asks is the agent, on the same device.
constexpr timeval patience_with_agent{.tv_sec = 10, .tv_usec = 0};

bool has_hung_up(int connection) {
  pollfd look{connection, 0, 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR)) != 0;
}

std::string answer_to(int connection) {
  try {
    auto request = read_request(read_all(connection, most_request, "a request"));
    request.command.given_up = [connection] { return has_hung_up(connection); };
    return answer_of(run(request.command));
  } catch (const Error& error) {
    return answer_of(error);
  }
}

/// Closes it at the end: the agent reads up to there.
void serve_one(Fd connection) {
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ::setsockopt(connection.get(), SOL_SOCKET, option, &patience_with_agent, sizeof patience_with_agent);
  }
  const auto answer = answer_to(connection.get());
  try {
    write_all(connection.get(), answer, "an answer");
  } catch (const Error&) {
    // The agent has gone, and asks again if it still wants to know.
  }
}

}  // namespace

ProgramServer::ProgramServer(Fd listener)
    : listener_(std::move(listener)), stopped_(::eventfd(0, EFD_CLOEXEC)) {
  if (!stopped_) throw system_error("make", "an eventfd");
}

void ProgramServer::serve() {
  for (;;) {
    pollfd waits[2] = {{stopped_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) continue;
    if (waits[0].revents != 0) break;
    accept_one();
  }
  for (const auto& run : runs_) run.wait();
}

void ProgramServer::accept_one() {
  Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return;
  std::erase_if(runs_, [](const auto& run) {
    return run.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  runs_.push_back(
      std::async(std::launch::async, [one = std::move(connection)]() mutable { serve_one(std::move(one)); }));
}

void ProgramServer::stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stopped_.get(), &one, sizeof one);
}

}  // namespace greenwave::drivers::host
