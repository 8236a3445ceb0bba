#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace greenwave::hub {

/// What somebody may do; each includes those before it.
enum class Role {
  view,       ///< read everything
  operate,    ///< ask devices to sync
  approve,    ///< let devices enrol, and revoke their certificates
  configure,  ///< make and end tokens
};

inline constexpr std::array<std::string_view, 4> role_words{"view", "operate", "approve", "configure"};

constexpr std::string_view to_string(Role level) {
  return role_words.at(static_cast<std::size_t>(level));
}

constexpr std::optional<Role> role_from(std::string_view word) {
  for (std::size_t i = 0; i < role_words.size(); ++i) {
    if (role_words.at(i) == word) return static_cast<Role>(i);
  }
  return {};
}

}  // namespace greenwave::hub
