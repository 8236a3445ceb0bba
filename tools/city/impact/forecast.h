#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "impact/effects.h"
#include "impact/outlines.h"
#include "impact/transfer_size.h"
#include "judge/judge.h"
#include "plan/plan.h"
#include "render/fleet.h"

namespace greenwave::city {

/// An object of a device that differs: its variants in base and head.
struct Differing {
  static constexpr auto none = static_cast<std::uint32_t>(-1);

  std::uint32_t was = none;
  std::uint32_t is = none;
};

/// What a device with the base in place does for the head, planned as it plans it.
struct Forecast {
  std::vector<plan::Desired> desired;
  std::vector<Entry> inventory;
  plan::Plan plan;               ///< points into the two above
  std::set<ObjectId> uncertain;  ///< refused at the base: what the device has of them is not known
  std::vector<ObjectId> refused;
  std::vector<std::string> problems;
  bool takes_back = false;  ///< the whole commit, for what is refused of it; the plan has no steps then
};

/// A device that goes from the base to the head.
struct Move {
  std::optional<std::size_t> base;  ///< its number in the base's Fleet; nothing: it has nothing yet
  std::size_t head = 0;
  std::string old_runtime;  ///< as far as the repository says
  std::string runtime;
};

/// Forecasts what the devices of two commits do.
class Forecaster {
 public:
  Forecaster(const render::Fleet& base, const render::Fleet& head, const RuntimeKinds& kinds)
      : base_(base), head_(head), before_(base, kinds), after_(head, kinds), transfer_size_(base, head) {}

  Move move_of(std::optional<std::size_t> base, std::size_t head) const;
  std::vector<Differing> differing(const Move& move);
  Effects effects_of(const Move& move, const std::vector<Differing>& differing);
  std::unique_ptr<Forecast> forecast(const Move& move, const Effects& effects);

  /// Errors in what the device gets as a whole at the head, which the base does not have.
  std::vector<std::string> new_errors(const Move& move) const;

  TransferSize& transfer_size() { return transfer_size_; }

 private:
  /// The kind of an object and what it claims.
  using Taken = std::pair<std::string, std::vector<std::string>>;

  /// Null for none.
  const Outline* was(const Move& move, const Differing& one);
  const Outline* is(const Move& move, const Differing& one);
  /// Nothing where that is nothing.
  static std::optional<Taken> taken_by(const Outline* outline);
  bool same(const Move& move, const Differing& one);
  void fill_inventory(const Move& move, Forecast& forecast, std::set<ObjectId>& giving_back);
  /// `left_out`: what only another runtime serves.
  void fill_desired(const Move& move, Forecast& forecast, std::vector<ObjectId>& refused,
                    std::set<ObjectId>& left_out);
  std::set<ObjectId> refused_before(const Move& move);
  /// As sync::rejects() decides on the device.
  bool takes_back(const Move& move, const Forecast& forecast, const std::set<ObjectId>& left_out);

  const render::Fleet& base_;
  const render::Fleet& head_;
  Outlines before_;
  Outlines after_;
  TransferSize transfer_size_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::string, std::string>, bool> same_;  ///< by runtimes
};

/// Errors of a device's Feature, its layers and their files.
std::vector<std::string> errors_of(const render::Fleet& fleet, std::size_t device);

}  // namespace greenwave::city
