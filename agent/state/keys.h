#pragma once

/// Every key of State::value. Values are texts; an absent one reads as empty.
namespace greenwave::state::keys {

inline constexpr const char* device = "device";          ///< the id by which a commit was last in sync
inline constexpr const char* applied = "applied";        ///< the commit that the device was last brought to
inline constexpr const char* clean = "clean";            ///< key of the last render that left nothing to do
inline constexpr const char* cluster = "cluster";        ///< the cluster's name, for status after a restart
inline constexpr const char* course = "course";          ///< sync::Course, as JSON
inline constexpr const char* accepted = "accepted";      ///< the highest commit that was verified
inline constexpr const char* twin = "accepted twin";     ///< the other id that it may have
inline constexpr const char* signers = "signers";        ///< of accepted commits: {COMMIT: [PRINCIPAL, KEY]}
inline constexpr const char* wave = "wave";              ///< "BRANCH REF NAME" of the device's wave
inline constexpr const char* tips = "signed tips";       ///< the last of each ref: sync::SeenTips, as JSON
inline constexpr const char* followed = "followed";      ///< "BRANCH REF": the ref by which the commit came
inline constexpr const char* failed_own = "failed own";  ///< guard::Failed: {PATH: [SHA256]}
inline constexpr const char* unreachable_since = "unreachable since";  ///< the repository; a time
inline constexpr const char* hub_boot = "hub boot";  ///< the number of the agent's last start with a hub
inline constexpr const char* hub_has = "hub has";    ///< the hub has the history up to this number
inline constexpr const char* arrivals = "arrivals";  ///< of the same commits: {COMMIT: state::Arrived}
inline constexpr const char* under_way =
    "under way";  ///< state::SyncRecord of the sync that changes the device now
inline constexpr const char* audit_told = "audit told";  ///< the journal has the evidence up to this number
inline constexpr const char* trusted = "trusted";  ///< what the evidence says of it: a JSON list of texts
inline constexpr const char* loss = "loss";  ///< sync::Loss: the state file was damaged, and begun again

}  // namespace greenwave::state::keys
