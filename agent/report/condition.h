#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "daemon/situation.h"

namespace greenwave::report {

/// What a device is for its city: one word of a closed list. The first that holds, of:
///
///   not_reporting  the hub has not heard from it for too long; only a hub says this, of no Status
///   reverted       Situation::reverted
///   failed         a situation whose health is failed: unlisted, error, failed, refused, unhealthy
///   paused         Situation::paused
///   held           Situation::held
///   waiting        Situation::waiting
///   applying       any other situation whose health is progressing (on_trial, renewing, retrying,
///   incomplete,
///                  empty), or a phase of a sync that comes after the fetch
///   in_sync        none of these. Offline, stale and state_lost change no condition
///
/// Their words are an interface, as those of a Situation are.
enum class Condition { not_reporting, reverted, failed, paused, held, waiting, applying, in_sync };

/// "in-sync"
std::string_view to_string(Condition condition);
/// All of them, in their order.
std::span<const std::string_view> condition_words();
/// The condition of this word; nothing for another word.
std::optional<Condition> condition_from(std::string_view word);

/// Of a device that reports. Pure.
Condition condition_of(const daemon::Status& status);

}  // namespace greenwave::report
