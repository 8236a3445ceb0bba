// Devices that report to a hub, as many as fit one event loop: the load that test/bench/hub.py measures with.
//
//   hub_load MODE PORT CA_DIRECTORY CITY DEVICES SECONDS
//
//   kept    each device reports, one report after the other, on a kept connection
//   new     each report has a new connection, without resumption
//   boot    all connect at once, and report once
//   idle    the same, and then all stay connected until standard input ends
//   relay   4 connections send batches of 1,000 reports, of which one in 50 has a state
//
// Prints {"acknowledged", "seconds", "refused", "lost", "p50Ms", "p99Ms"}.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/handle.h"
#include "enrol/authority.h"
#include "fleet/identities.h"

using namespace greenwave;
using std::chrono::steady_clock;

namespace {

using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freed<SSL_free>>;

using Identity = sim::IssuedIdentity;

Identity identity_of(const hub::Authority& authority, const std::string& name) {
  return sim::issue_identity(authority, name, SystemClock().now() + std::chrono::hours(24));
}

struct Tally {
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
  std::uint64_t lost = 0;
  std::vector<double> milliseconds;
};

std::int64_t boot_of_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(SystemClock().now().time_since_epoch()).count();
}

/// What an agent sends most of the time.
std::string heartbeat_of(const std::string& device, std::int64_t boot, std::uint64_t sequence) {
  return fmt::format(R"({{"device":"{}","boot":{},"sequence":{},"at":"{}"}})", device, boot, sequence,
                     to_iso(SystemClock().now()));
}

/// With a state, which is another in one of 50.
std::string report_of(const std::string& device, std::int64_t boot, std::uint64_t sequence) {
  const bool changes = sequence % 50 == 1;
  return fmt::format(
      R"({{"device":"{}","boot":{},"sequence":{},"at":"{}","state":{{"condition":"in-sync","health":"healthy","statuses":["in sync"],)"
      R"("says":"In sync","commit":{{"oid":"{:040x}","subject":"Longer yellow at the crossing of 19th and Castro","author":"Ana","time":"2026-11-24T06:11:50Z"}},)"
      R"("target":"{:040x}","wave":"","ref":"refs/heads/main","objects":29,"inSync":29,"failed":[],"problems":[],"version":"0.1.0",)"
      R"("labels":{{"model":"atc-5201","corridor":"castro","arch":"arm64","os":"debian"}},"lastSync":"{}","bytesReceived":{}}}}})",
      device, boot, sequence, to_iso(SystemClock().now()), changes ? sequence : 7, 7,
      to_iso(SystemClock().now()), sequence * 600);
}

/// One device, or relay, with its connection.
class Client {
 public:
  Client(SSL_CTX* context, int port, int epoll, Tally& tally, std::string name, Identity identity,
         std::size_t relayed)
      : context_(context),
        port_(port),
        epoll_(epoll),
        tally_(tally),
        name_(std::move(name)),
        identity_(std::move(identity)),
        relayed_(relayed) {}

  void begin(bool again_each_time, bool once) {
    again_each_time_ = again_each_time;
    once_ = once;
    connect();
  }

  /// False when it needs a new connection.
  void ready() {
    if (once_ && is_done()) return;
    if (!is_connected_ && !finish_handshake()) return;
    if (!write()) return;
    read();
  }
  bool is_done() const { return acknowledged_ > 0; }

 private:
  void connect() {
    session_.reset();
    fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int one = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port_));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
    session_.reset(SSL_new(context_));
    SSL_use_certificate(session_.get(), identity_.certificate.get());
    SSL_use_PrivateKey(session_.get(), identity_.key.get());
    SSL_set_fd(session_.get(), fd_.get());
    SSL_set_tlsext_host_name(session_.get(), "localhost");
    SSL_set_connect_state(session_.get());
    is_connected_ = false;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = this;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_.get(), &event);
    ask();
  }

  void ask() {
    began_ = steady_clock::now();
    std::string body;
    const auto lines = std::max<std::size_t>(relayed_, 1);
    ++sequence_;
    for (std::size_t i = 0; i < lines; ++i) {
      if (i > 0) body += '\n';
      body += relayed_ == 0 ? report_of(name_, boot_, sequence_) : line_of(i);
    }
    out_ = fmt::format(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n\r\n{}",
        relayed_ > 0 ? "/v1/relay" : "/v1/reports", body.size(), body);
    sent_ = 0;
    in_.clear();
  }

  std::string line_of(std::size_t number) const {
    const auto device = fmt::format("{}-{}", name_, number);
    const bool is_heartbeat = sequence_ > 1 && (number + sequence_) % 50 != 0;
    return is_heartbeat ? heartbeat_of(device, boot_, sequence_) : report_of(device, boot_, sequence_);
  }

  bool waits(int result) const {
    const int why = SSL_get_error(session_.get(), result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
  }

  bool finish_handshake() {
    const int result = SSL_do_handshake(session_.get());
    if (result == 1) {
      is_connected_ = true;
      return true;
    }
    if (!waits(result)) lose();
    return false;
  }

  bool write() {
    while (sent_ < out_.size()) {
      const int count = SSL_write(session_.get(), out_.data() + sent_, static_cast<int>(out_.size() - sent_));
      if (count <= 0) {
        if (!waits(count)) lose();
        return false;
      }
      sent_ += static_cast<std::size_t>(count);
    }
    return true;
  }

  void read() {
    char buffer[4096];
    while (true) {
      const int count = SSL_read(session_.get(), buffer, sizeof buffer);
      if (count <= 0) {
        if (!waits(count)) lose();
        return;
      }
      in_.append(buffer, static_cast<std::size_t>(count));
      if (!has_whole_answer()) continue;
      take_answer();
      return;
    }
  }

  bool has_whole_answer() const {
    const auto end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = in_.find("Content-Length: ");
    return length != std::string::npos &&
           in_.size() >= end + 4 + std::strtoul(in_.c_str() + length + 16, nullptr, 10);
  }

  void take_answer() {
    if (in_.starts_with("HTTP/1.1 200")) {
      tally_.acknowledged += std::max<std::size_t>(relayed_, 1);
      ++acknowledged_;
    } else {
      ++tally_.refused;
    }
    tally_.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(steady_clock::now() - began_).count());
    if (again_each_time_) {
      connect();
      return;
    }
    if (once_) return;
    ask();
    if (is_connected_) ready();
  }

  void lose() {
    ++tally_.lost;
    connect();
  }

  SSL_CTX* context_;
  int port_;
  int epoll_;
  Tally& tally_;
  std::string name_;
  Identity identity_;
  std::size_t relayed_;
  bool again_each_time_ = false;
  bool once_ = false;
  bool is_connected_ = false;
  Fd fd_;
  Session session_;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;
  std::int64_t boot_ = boot_of_now();
  std::uint64_t sequence_ = 0;
  std::uint64_t acknowledged_ = 0;
  steady_clock::time_point began_;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

int load(const std::string& mode, int port, const std::string& directory, const std::string& city,
         std::size_t devices, double seconds) {
  const hub::Authority authority(directory, city, SystemClock().now());
  const Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  Tally tally;
  std::deque<Client> clients;
  constexpr std::size_t relays = 4;
  const bool relay = mode == "relay";
  const bool idle = mode == "idle";
  const bool once = idle || mode == "boot";
  for (std::size_t i = 0; i < (relay ? relays : devices); ++i) {
    const auto name = fmt::format("{}-{}", mode, i);  // a name has its own limit
    clients.emplace_back(context.get(), port, epoll.get(), tally, name, identity_of(authority, name),
                         relay ? 1000 : 0);
  }
  const auto began = steady_clock::now();
  for (auto& client : clients) client.begin(mode == "new", once);
  const auto elapsed = [&] { return std::chrono::duration<double>(steady_clock::now() - began).count(); };
  const auto goes_on = [&] {
    if (elapsed() > seconds) return false;
    return !once || !std::ranges::all_of(clients, &Client::is_done);
  };
  std::vector<epoll_event> events(1024);
  while (goes_on()) {
    const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i)
      static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr)->ready();
  }
  const auto done = static_cast<std::size_t>(std::ranges::count_if(clients, &Client::is_done));
  std::cout
      << fmt::format(
             R"({{"acknowledged": {}, "seconds": {:.3f}, "refused": {}, "lost": {}, "devices": {}, "p50Ms": {:.1f}, "p99Ms": {:.1f}}})",
             tally.acknowledged, elapsed(), tally.refused, tally.lost, done,
             percentile(tally.milliseconds, 0.5), percentile(tally.milliseconds, 0.99))
      << std::endl;
  if (idle) std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  constexpr int words = 7;
  if (argc != words) return 2;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  try {
    return load(argv[1], std::atoi(argv[2]), argv[3], argv[4], std::strtoul(argv[5], nullptr, 10),
                std::atof(argv[6]));
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
