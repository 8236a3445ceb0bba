#pragma once

#include <map>
#include <string>

#include "impact/impact.h"
#include "impact/wire.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::cli {

/// Counts what the steps of one device cost.
class Effects {
 public:
  Effects(const render::Fleet& base, const render::Fleet& head, const sync::Drivers& drivers, Wire& wire)
      : base_(base), head_(head), drivers_(drivers), wire_(wire) {}

  /// Tells how an object differs; null where it is not there. Call before its step is added.
  void look_at(const render::Variant* was, const render::Variant* is);
  void add(const plan::Step& step, Group& group);

 private:
  struct Found {
    std::size_t files = 0;
    bool restarts = false;
    bool replaces_pods = false;
    std::uint64_t bytes = 0;
  };

  Found compare(const Manifest* was, const Manifest& is);
  std::size_t changed_files(const std::string& was, const std::string& is) const;

  const render::Fleet& base_;
  const render::Fleet& head_;
  const sync::Drivers& drivers_;
  Wire& wire_;
  std::map<ObjectId, Found> found_;
};

/// "update", "restart", …, as people read it.
std::string step_verb(const plan::Step& step);

/// A unified diff of an object's manifest and of what its source holds. Secrets show only that they changed.
std::string manifest_diff(const render::Fleet& base, const render::Variant* was, const render::Fleet& head,
                          const render::Variant* is);

/// The wave that a device is in by its labels; empty: it follows the branch.
std::string wave_name(const Cluster& cluster, const Device& device);

}  // namespace greenwave::cli
