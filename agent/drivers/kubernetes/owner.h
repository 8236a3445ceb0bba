#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "config/config.h"

namespace greenwave::drivers::kubernetes {

/// Owners of an object are a set: each agent that declares it has a label of its own on it, with this prefix.
inline constexpr std::string_view owner_prefix = "device.greenwave.dev/";
/// Each owner applies as a field manager of its own, with this prefix.
inline constexpr std::string_view manager_prefix = "greenwave:";

/// What earlier versions had instead: one label, with the device's id as its value, and one manager for all.
inline constexpr std::string_view former_label = "greenwave.dev/device";
inline constexpr std::string_view former_manager = "greenwave";

/// An agent among those that use the same server: a device that follows a repository, whatever machine it
/// runs on. Devices of the same id that follow other repositories are other owners.
struct Owner {
  std::string label;    ///< the key of its label; the value is empty
  std::string manager;  ///< its name as a field manager
  std::string device;   ///< its value of former_label
};

Owner owner_of(const std::string& device, const config::Repository& repository);

/// The id as a label's value, of at most `most` characters: unchanged if it is a valid one, otherwise a
/// digest of it.
std::string label_value(const std::string& device, std::size_t most = 63);

/// Whether a field manager is an agent of Greenwave, of this version or an earlier one.
bool is_agent(std::string_view manager);

/// Another agent that an object's labels name.
enum class Other {
  none,
  labelled,  ///< by a label of its own
  named,     ///< by the label of earlier versions
};

Other other_owner(const nlohmann::json& object, const Owner& owner);

}  // namespace greenwave::drivers::kubernetes
