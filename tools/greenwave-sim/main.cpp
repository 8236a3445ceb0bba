#include <iostream>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "base/file.h"
#include "base/steering.h"
#include "base/version.h"
#include "fleet/fleet.h"
#include "fleet/scenario.h"
#include "git/store.h"

namespace {

using namespace greenwave;

constexpr const char* help = R"help(A fleet of devices on one machine, to measure what servers cost.

  greenwave-sim SCENARIO < COMMANDS

Each device polls, waits, backs off, holds, fetches, tries, goes back and reports when and as an agent does, by the
agent's own code. It makes its own connections, from an address and with a key of its own. test/bench/fleet.py runs
it beside the real servers.

What is not real:
  - nothing is applied: a commit takes a device 250 ms to 1 s, and 10 s to settle; it breaks where its subject ends
    with "(breaks)"
  - one device of each step from commit to commit runs the agent's whole intake (fetch, verify, judge, render); the
    others send the same bytes, and do not look at what they get
  - HTTP and TLS are this program's, not libcurl's; a test compares their requests
  - the history that the hub is told of is kept in memory, and sent oldest first

SCENARIO is a file of JSON:
  {"interval": "60s", "scratch": DIRECTORY, "cities": [{"name": "fresno", "host": "localhost", "port": 8443,
    "path": "/fresno.git", "authorities": FILE, "signers": FILE, "branch": "refs/heads/main", "devices": 5000,
    "hub": {"host": "localhost", "port": 9443, "authorities": FILE, "authority": DIRECTORY}}]}

A city's devices are fresno-00000, fresno-00001, …. "signers" and "hub" may be absent.

COMMANDS are lines of JSON; each is answered with one, once it is done:
  {"do": "install"}                             all have had the newest commit for long
  {"do": "on", "city": "fresno", "within": "1s"}  power; without a city, everywhere
  {"do": "off", "city": "fresno"}
  {"do": "pace", "pace": 20}                    time passes faster for the devices
  {"do": "sleep", "for": "720h"}                all at once
  {"do": "count", "commit": ID}                 how many know it, have it, keep it, went back from it
  {"do": "take"}                                what was counted since the last time, as JSON

Ends with its commands. Exit status: 0 done, 2 failed.
)help";

constexpr std::size_t largest_scenario = std::size_t{1} << 20;

/// Each device may have two.
void allow_connections(const sim::Scenario& scenario) {
  const auto most = raise_descriptor_limit();
  std::size_t wanted = 1000;
  for (const auto& city : scenario.cities) wanted += city.devices * (city.hub ? 2 : 1);
  if (most >= wanted) return;
  throw Error(Fault::invalid,
              fmt::format("these devices want {} descriptors, and a process may have {}", wanted, most),
              "let several programs simulate some cities each");
}

void say(const nlohmann::json& what) {
  std::cout << what.dump() << std::endl;
}

void run(const std::string& file) {
  git::initialize();
  const auto scenario = sim::read_scenario(read_file(file, largest_scenario));
  allow_connections(scenario);
  hub::Loop loop;
  const SystemClock clock;
  sim::Fleet fleet(scenario, loop, clock, say);
  say({{"done", "ready"}});
  std::thread reader([&] {
    for (std::string line; std::getline(std::cin, line);) {
      loop.post([&fleet, line] {
        try {
          fleet.command(line);
        } catch (const Error& error) {
          say({{"failed", line}, {"why", error.what()}});
        }
      });
    }
    loop.stop();
  });
  loop.run();
  reader.join();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc == 2 ? argv[1] : "";
  if (first == "--help" || first == "-h") {
    std::cout << help;
    return 0;
  }
  if (first == "--version") {
    std::cout << "greenwave-sim " << program_version << '\n';
    return 0;
  }
  if (first.empty() || first.starts_with('-')) {
    std::cerr << "greenwave-sim SCENARIO, or --help\n";
    return 2;
  }
  greenwave::block_signals();
  try {
    run(first);
  } catch (const greenwave::Error& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  return 0;
}
