#pragma once

/// Keys of State::value, in one place.
namespace greenwave::sync::values {

inline constexpr const char* applied = "applied";    ///< the commit that the device was last brought to
inline constexpr const char* accepted = "accepted";  ///< the highest commit that was verified
inline constexpr const char* received =
    "received";                                ///< the ref's commit as of the last poll, fetched and verified
inline constexpr const char* clean = "clean";  ///< Sync::clean_, so that a restart does not render anew
inline constexpr const char* cluster = "cluster";  ///< the cluster's name, for status after a restart
inline constexpr const char* course = "course";    ///< Course, as JSON

}  // namespace greenwave::sync::values
