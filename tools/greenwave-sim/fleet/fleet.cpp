#include "fleet/fleet.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave::sim {

namespace {

using nlohmann::json;

Error unknown(const std::string& why) {
  return Error(Fault::invalid, "cannot do that: " + why, "greenwave-sim --help has the commands");
}

Duration duration_in(const json& command, const char* name) {
  return parse_duration(command.value(name, "0s"));
}

double seconds(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

Fleet::Fleet(const Scenario& scenario, hub::Loop& loop, const Clock& real, Say say)
    : loop_(loop),
      say_(std::move(say)),
      clock_(real),
      rehearsals_(scenario, loop),
      world_{.loop = loop, .clock = clock_, .rehearsals = rehearsals_, .random = std::mt19937_64(1)},
      since_(real.now()) {
  std::size_t number = 0;
  for (const auto& address : scenario.cities) {
    auto& town = towns_.emplace_back();
    town.city = std::make_unique<City>(towns_.size() - 1, address, scenario.interval);
    town.identities = std::make_unique<Identities>(address);
    for (std::size_t i = 0; i < address.devices; ++i) {
      town.devices.push_back(std::make_unique<Device>(world_, *town.city, number++,
                                                      device_id(address.name, i), town.identities->of(i)));
    }
  }
  count_second();
}

Fleet::~Fleet() {
  loop_.cancel(second_);
}

void Fleet::command(std::string_view line) try {
  const auto command = json::parse(line);
  const auto what = command.at("do").get<std::string>();
  if (what == "install") return install();
  if (what == "on") return power_on(towns_named(command), duration_in(command, "within"));
  if (what == "off") return power_off(towns_named(command));
  if (what == "pace") return set_pace(command.at("pace").get<double>());
  if (what == "sleep") return skip(duration_in(command, "for"));
  if (what == "count") return count(CommitId(command.at("commit").get<std::string>()));
  if (what == "take") return take();
  throw unknown(fmt::format("\"{}\" is not known", what));
} catch (const json::exception& error) {
  throw unknown(error.what());
}

/// All, unless it names one.
std::vector<Fleet::Town*> Fleet::towns_named(const json& command) {
  const auto name = command.value("city", "");
  std::vector<Town*> found;
  for (auto& town : towns_) {
    if (name.empty() || town.city->address.name == name) found.push_back(&town);
  }
  if (found.empty()) throw unknown(fmt::format("there is no city {}", name));
  return found;
}

/// Every device has had the newest commit for long.
void Fleet::install() {
  auto left = std::make_shared<std::size_t>(towns_.size());
  for (auto& town : towns_) {
    const auto& address = town.city->address;
    const Step step{.city = town.city->number, .from = {}, .to = {}, .wave_ref = {}};
    rehearsals_.ask(step, device_id(address.name, 0), {.branch = address.branch},
                    [this, &town, left](const std::shared_ptr<const Fetched>& fetched) {
                      if (!fetched || fetched->commit.id.empty()) {
                        return say_({{"failed", "install"},
                                     {"city", town.city->address.name},
                                     {"why", fetched ? fetched->why_not : "the server was not reached"}});
                      }
                      for (const auto& device : town.devices) device->install(fetched);
                      if (--*left == 0) say_({{"done", "install"}});
                    });
  }
}

void Fleet::power_on(const std::vector<Town*>& towns, Duration within) {
  for (auto* town : towns) {
    for (const auto& device : town->devices) {
      const auto later = std::uniform_int_distribution<std::int64_t>(0, within.count())(world_.random);
      loop_.after(Duration(later), [one = device.get()] {
        if (!one->is_on()) one->power_on();
      });
    }
  }
  say_({{"done", "on"}});
}

void Fleet::power_off(const std::vector<Town*>& towns) {
  for (auto* town : towns) {
    for (const auto& device : town->devices) device->power_off();
  }
  say_({{"done", "off"}});
}

void Fleet::set_pace(double pace) {
  if (!(pace > 0 && pace <= 1000)) throw unknown("a pace is above 0, and at most 1000");
  clock_.set_pace(pace);
  look_again();
  say_({{"done", "pace"}});
}

void Fleet::skip(Duration time) {
  clock_.skip(time);
  look_again();
  say_({{"done", "sleep"}});
}

void Fleet::look_again() {
  for (const auto& town : towns_) {
    for (const auto& device : town.devices) device->look_again();
  }
}

/// In the cities together, since it was last taken.
void Fleet::count(const CommitId& commit) {
  std::size_t known = 0, fetched = 0, well = 0, taken_back = 0;
  for (const auto& town : towns_) {
    const auto found = town.city->tally.commits.find(commit);
    if (found == town.city->tally.commits.end()) continue;
    known += found->second.known.count();
    fetched += found->second.fetched.count();
    well += found->second.well.count();
    taken_back += found->second.taken_back.count();
  }
  say_(
      {{"done", "count"}, {"known", known}, {"fetched", fetched}, {"well", well}, {"takenBack", taken_back}});
}

void Fleet::take() {
  const auto now = SystemClock().now();
  auto cities = json::object();
  for (const auto& town : towns_) cities[town.city->address.name] = town.city->take();
  say_({{"done", "take"},
        {"from", seconds(std::exchange(since_, now))},
        {"to", seconds(now)},
        {"perSecond", series_.take()},
        {"cities", std::move(cities)}});
}

void Fleet::count_second() {
  Traffic all;
  for (const auto& town : towns_) {
    const auto traffic = town.city->traffic();
    all.requests += traffic.requests;
    all.connections += traffic.connections;
  }
  series_.add(all);
  second_ = loop_.after(std::chrono::seconds(1), [this] { count_second(); });
}

}  // namespace greenwave::sim
