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
#include <functional>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "enrol/authority.h"
#include "fleet/identities.h"
#include "loop/loop.h"
#include "wire/connection.h"

using namespace greenwave;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t relay_count = 4;
constexpr Duration patience = std::chrono::minutes(2);

sim::IssuedIdentity identity_of(const hub::Authority& authority, const std::string& name) {
  return sim::issue_identity(authority, name, SystemClock().now() + std::chrono::hours(24));
}

struct Tally {
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
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

enum class Mode { kept, fresh, boot, idle, relay };

std::optional<Mode> mode_of(std::string_view word) {
  if (word == "kept") return Mode::kept;
  if (word == "new") return Mode::fresh;
  if (word == "boot") return Mode::boot;
  if (word == "idle") return Mode::idle;
  if (word == "relay") return Mode::relay;
  return {};
}

/// One device, or relay, with its connection.
class Client : public sim::Connection::Asker {
 public:
  /// `acknowledged` is called after its first report. All of these outlive this.
  Client(hub::Loop& loop, const sim::Target& target, sim::Traffic& traffic, Tally& tally, Mode mode,
         std::string name, sim::IssuedIdentity identity, const std::function<void()>& acknowledged)
      : tally_(tally),
        mode_(mode),
        name_(std::move(name)),
        identity_(std::move(identity)),
        acknowledged_(acknowledged),
        connection_(loop, target, INADDR_LOOPBACK, traffic, *this) {
    connection_.identify({identity_.certificate.get(), identity_.key.get()});
  }

  void ask() {
    began_ = steady_clock::now();
    const bool relays = mode_ == Mode::relay;
    std::string body;
    ++sequence_;
    for (std::size_t i = 0; i < reports(); ++i) {
      if (i > 0) body += '\n';
      body += relays ? line_of(i) : report_of(name_, boot_, sequence_);
    }
    connection_.send(
        fmt::format(
            "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            "{}\r\n\r\n{}",
            relays ? "/v1/relay" : "/v1/reports", body.size(), body),
        patience, 0);
  }

  void answered(sim::Connection& by, sim::Response& response) override {
    tally_.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(steady_clock::now() - began_).count());
    if (response.status == 200) {
      tally_.acknowledged += reports();
      if (!std::exchange(is_done_, true)) acknowledged_();
    } else {
      ++tally_.refused;
    }
    if (mode_ == Mode::boot || mode_ == Mode::idle) return;
    if (mode_ == Mode::fresh) by.close();
    ask();
  }

  void lost(sim::Connection&) override { ask(); }

 private:
  std::size_t reports() const { return mode_ == Mode::relay ? 1000 : 1; }

  std::string line_of(std::size_t number) const {
    const auto device = fmt::format("{}-{}", name_, number);
    const bool is_heartbeat = sequence_ > 1 && (number + sequence_) % 50 != 0;
    return is_heartbeat ? heartbeat_of(device, boot_, sequence_) : report_of(device, boot_, sequence_);
  }

  Tally& tally_;
  Mode mode_;
  std::string name_;
  sim::IssuedIdentity identity_;
  const std::function<void()>& acknowledged_;
  sim::Connection connection_;
  std::int64_t boot_ = boot_of_now();
  std::uint64_t sequence_ = 0;
  bool is_done_ = false;
  steady_clock::time_point began_;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

void load(Mode mode, std::string_view word, std::uint16_t port, const std::string& directory,
          const std::string& city, std::size_t devices, double seconds) {
  const hub::Authority authority(directory, city, SystemClock().now());
  const auto context = sim::make_client_context(directory + "/ca.crt");
  const sim::Target target{.host = "localhost", .port = port, .context = context.get()};
  const bool once = mode == Mode::boot || mode == Mode::idle;
  const auto count = mode == Mode::relay ? relay_count : devices;
  hub::Loop loop;
  Tally tally;
  sim::Traffic traffic;
  std::size_t done = 0;
  const std::function<void()> acknowledged = [&] {
    if (++done == count && once) loop.stop();
  };
  std::deque<Client> clients;
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = fmt::format("{}-{}", word, i);  // a name has its own limit
    clients.emplace_back(loop, target, traffic, tally, mode, name, identity_of(authority, name),
                         acknowledged);
  }
  const auto began = steady_clock::now();
  loop.after(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)),
             [&loop] { loop.stop(); });
  for (auto& client : clients) client.ask();
  loop.run();
  const auto elapsed = std::chrono::duration<double>(steady_clock::now() - began).count();
  std::cout
      << fmt::format(
             R"({{"acknowledged": {}, "seconds": {:.3f}, "refused": {}, "lost": {}, "devices": {}, "p50Ms": {:.1f}, "p99Ms": {:.1f}}})",
             tally.acknowledged, elapsed, tally.refused, traffic.lost, done,
             percentile(tally.milliseconds, 0.5), percentile(tally.milliseconds, 0.99))
      << std::endl;
  if (mode == Mode::idle) std::cin.ignore(std::numeric_limits<std::streamsize>::max());
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  constexpr int words = 7;
  const auto mode = argc == words ? mode_of(argv[1]) : std::nullopt;
  if (!mode) return 2;
  raise_descriptor_limit();
  try {
    load(*mode, argv[1], static_cast<std::uint16_t>(std::atoi(argv[2])), argv[3], argv[4],
         std::strtoul(argv[5], nullptr, 10), std::atof(argv[6]));
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
