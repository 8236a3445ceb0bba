#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "enrol/authority.h"
#include "fleet/rehearsal.h"
#include "fleet/scenario.h"
#include "loop/loop.h"
#include "pace/paced_clock.h"
#include "tally/tally.h"
#include "wire/connection.h"

namespace greenwave::sim {

/// What the devices of a city share. The loop's thread.
struct City {
  City(std::size_t number_, const CityAddress& address_, Duration interval_);

  /// {…} of what its devices did since the last call.
  nlohmann::json take();
  Traffic traffic() const;

  const std::size_t number;
  const CityAddress& address;
  const Duration interval;
  const TlsContext git_context;
  const TlsContext hub_context;  ///< null: it has no hub
  const Target git;
  const Target hub;
  Traffic git_traffic;
  Traffic hub_traffic;
  CityTally tally;

 private:
  Traffic taken_git_, taken_hub_;
};

/// What all devices of a fleet share. The loop's thread.
struct World {
  hub::Loop& loop;
  PacedClock& clock;
  Rehearsals& rehearsals;
  std::mt19937_64 random;
};

}  // namespace greenwave::sim
