#include "base/tcp.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace greenwave {

namespace {

constexpr Duration slice = std::chrono::milliseconds(200);
/// How long one address is tried alone: RFC 8305, "Connection Attempt Delay".
constexpr Duration head_start = std::chrono::milliseconds(250);

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Error stopped() {
  return Error(Fault::transient, "the connection was stopped");
}

/// What is left until a moment; not below zero.
Duration left_until(Instant deadline) {
  const auto left = std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
  return std::max(left, Duration::zero());
}

/// A question to DNS, with all that the thread that asks it reads.
struct Lookup {
  std::string host;
  std::string port;
  addrinfo hints{};
  gaicb question{};
};

int is_answered(Lookup& lookup, Duration most) {
  const gaicb* list[] = {&lookup.question};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
  const timespec timeout{static_cast<std::time_t>(seconds.count()),
                         static_cast<long>(std::chrono::nanoseconds(most - seconds).count())};
  ::gai_suspend(list, 1, &timeout);
  return ::gai_error(&lookup.question);
}

Addresses resolve(const std::string& host, unsigned port, Duration timeout, const std::atomic<bool>& stop,
                  const char* written_in) {
  auto lookup = std::make_unique<Lookup>(Lookup{.host = host, .port = std::to_string(port)});
  lookup->hints.ai_socktype = SOCK_STREAM;
  lookup->hints.ai_flags = AI_ADDRCONFIG;
  lookup->question.ar_name = lookup->host.c_str();
  lookup->question.ar_service = lookup->port.c_str();
  lookup->question.ar_request = &lookup->hints;
  gaicb* list[] = {&lookup->question};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  int code = ::getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr);
  if (code == 0) code = is_answered(*lookup, slice);
  while (code == EAI_INPROGRESS && !stop && left_until(deadline) > Duration::zero()) {
    code = is_answered(*lookup, slice);
  }
  if (code == EAI_INPROGRESS) {
    // The C library's thread may still write to what it cannot cancel: then that stays for good.
    if (::gai_cancel(&lookup->question) != EAI_CANCELED) static_cast<void>(lookup.release());
    if (stop) throw stopped();
    throw Error(Fault::transient, fmt::format("cannot look up {}: no answer in {}", host, to_words(timeout)),
                "DNS does not answer: is the device online?");
  }
  if (code == 0) return Addresses(lookup->question.ar_result);
  if (code == EAI_NONAME || code == EAI_NODATA) {
    throw Error(Fault::transient, fmt::format("DNS knows no host {}", host),
                fmt::format("is the host right in {}, and the device's DNS server too?", written_in));
  }
  throw Error(Fault::transient, fmt::format("cannot look up {}: {}", host, ::gai_strerror(code)),
              "DNS does not answer: is the device online?");
}

/// Tries addresses in their order, the next one when one has failed or had its head start; the first that
/// answers counts.
class Attempts {
 public:
  explicit Attempts(const addrinfo* addresses) : next_(addresses) {}

  /// Nothing: none has answered in time, see why().
  Fd first_within(Duration timeout, const std::atomic<bool>& stop) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (next_ != nullptr || !waiting_.empty()) {
      if (stop) throw stopped();
      const auto left = left_until(deadline);
      if (left == Duration::zero()) {
        why_ = ETIMEDOUT;
        return {};
      }
      if (next_ != nullptr && (waiting_.empty() || left_until(head_start_ends_) == Duration::zero()))
        start_next();
      const auto patience = next_ != nullptr ? std::min(left, left_until(head_start_ends_)) : left;
      if (auto connected = take_connected(std::min(patience, slice))) return connected;
    }
    return {};
  }
  /// errno of the last that failed.
  int why() const { return why_; }

 private:
  void start_next() {
    const auto& address = *std::exchange(next_, next_->ai_next);
    head_start_ends_ = std::chrono::steady_clock::now() + head_start;
    Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
    const int on = 1;
    if (fd) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!fd || (::connect(fd.get(), address.ai_addr, address.ai_addrlen) != 0 && errno != EINPROGRESS)) {
      why_ = errno;
      return;
    }
    waiting_.push_back(std::move(fd));
  }

  Fd take_connected(Duration patience) {
    if (waiting_.empty()) return {};
    std::vector<pollfd> looks;
    for (const auto& fd : waiting_) looks.push_back({fd.get(), POLLOUT, 0});
    if (::poll(looks.data(), looks.size(), static_cast<int>(patience.count())) <= 0) return {};
    for (std::size_t i = looks.size(); i-- > 0;) {
      if (looks[i].revents == 0) continue;
      int code = 0;
      socklen_t size = sizeof code;
      if (::getsockopt(waiting_[i].get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
      if (code == 0) return std::move(waiting_[i]);
      why_ = code;
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return {};
  }

  const addrinfo* next_;
  std::vector<Fd> waiting_;
  Instant head_start_ends_{};
  int why_ = 0;
};

}  // namespace

bool wait_for(int fd, short events, Duration timeout, const std::atomic<bool>& stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (stop) throw stopped();
    const auto left = left_until(deadline);
    if (left == Duration::zero()) return false;
    pollfd waiting{fd, events, 0};
    if (::poll(&waiting, 1, static_cast<int>(std::min(left, slice).count())) > 0) return true;
  }
}

Fd connect_tcp(const std::string& host, unsigned port, Duration timeout, const std::atomic<bool>& stop,
               const char* written_in) {
  const auto addresses = resolve(host, port, timeout, stop, written_in);
  Attempts attempts(addresses.get());
  if (auto connected = attempts.first_within(timeout, stop)) return connected;
  const int why = attempts.why();
  const char* remedy = why == ECONNREFUSED
                           ? "the host is there, but nothing listens on this port: is the server up?"
                       : why == ETIMEDOUT ? "nothing answers: a firewall, or the host is down?"
                                          : "is the device online?";
  throw Error(Fault::transient, fmt::format("cannot reach {} port {}: {}", host, port, std::strerror(why)),
              remedy);
}

}  // namespace greenwave
