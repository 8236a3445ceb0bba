#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "fleet/city.h"
#include "fleet/device.h"
#include "fleet/identities.h"
#include "fleet/rehearsal.h"
#include "fleet/scenario.h"
#include "loop/loop.h"
#include "pace/paced_clock.h"
#include "tally/tally.h"

namespace greenwave::sim {

/// All devices of a scenario, and what they are told to do. The loop's thread.
class Fleet {
 public:
  /// Says what it did, once it is done.
  using Say = std::function<void(const nlohmann::json&)>;

  /// Everything outlives this. Throws Error.
  Fleet(const Scenario& scenario, hub::Loop& loop, const Clock& real, Say say);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Does what a line of JSON says (greenwave-sim --help has them). Throws Error (invalid) for what it does
  /// not know.
  void command(std::string_view line);

 private:
  struct Town {
    std::unique_ptr<City> city;
    std::unique_ptr<Identities> identities;
    std::vector<std::unique_ptr<Device>> devices;
  };

  std::vector<Town*> towns_named(const nlohmann::json& command);
  void install();
  void power_on(const std::vector<Town*>& towns, Duration within);
  void power_off(const std::vector<Town*>& towns);
  void set_pace(double pace);
  void skip(Duration time);
  void count(const CommitId& commit);
  void take();
  void count_second();
  void look_again();

  hub::Loop& loop_;
  Say say_;
  PacedClock clock_;
  Rehearsals rehearsals_;
  World world_;
  std::vector<Town> towns_;
  Series series_;
  Time since_;
  hub::Loop::Timer second_ = 0;
};

}  // namespace greenwave::sim
