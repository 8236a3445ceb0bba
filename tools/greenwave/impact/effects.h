#pragma once

#include <map>
#include <string>

#include "impact/impact.h"
#include "impact/transfer_size.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::cli {

/// Counts the effects of the steps of one device.
class Effects {
 public:
  Effects(const render::Fleet& base, const render::Fleet& head, const drivers::Kinds& kinds,
          TransferSize& transfer_size)
      : base_(base), head_(head), kinds_(kinds), transfer_size_(transfer_size) {}

  /// Compares an object of both commits; null where it does not exist. Call before adding its step.
  void add_object(const render::Variant* was, const render::Variant* is);
  void add_step(const plan::Step& step, Group& group);

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
  const drivers::Kinds& kinds_;
  TransferSize& transfer_size_;
  std::map<ObjectId, Found> found_;
};

/// "update", "restart", … for people.
std::string step_verb(const plan::Step& step);

/// A unified diff of an object's manifest and of its source. Of a secret it says only that it changed.
std::string manifest_diff(const render::Fleet& base, const render::Variant* was, const render::Fleet& head,
                          const render::Variant* is);

/// The device's wave; empty: it follows the branch.
std::string wave_name(const Cluster& cluster, const Device& device);

}  // namespace greenwave::cli
