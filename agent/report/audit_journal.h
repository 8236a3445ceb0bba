#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "daemon/open_state.h"
#include "daemon/outcome.h"

namespace greenwave::report {

/// What journald has of the evidence, and how it gets more.
struct Journal {
  /// False: it is not there, or did not take the line.
  std::function<bool(const nlohmann::json& line)> send;
  /// The newest line that it has, as number and hash; nothing: it has none, or cannot be read.
  std::function<std::optional<std::pair<std::int64_t, std::string>>()> newest;
};
Journal system_journal();

/// Sends the evidence to journald where agent.yaml says so, each line once: a start goes on after the newest
/// line that the journal has, since a power cut takes the end of it, which journald writes to the disk later.
/// Where the journal has none of it, a number in the state says how far it was told.
///
/// Journald and not syslog: what collects logs for a SIEM on Linux reads the journal (rsyslog's imjournal,
/// Filebeat, Vector, Splunk's and Wazuh's agents), and its fields _UID and _SYSTEMD_UNIT are the kernel's
/// word, which no other program can write. Over /dev/log journald would drop RFC 5424's structured data. The
/// message is the JSON line itself, so that what only forwards messages has everything; facility and
/// identifier are syslog's.
class AuditJournal : public daemon::OutcomeSink {
 public:
  AuditJournal(const daemon::OpenState& memory, const Log& log, Journal journal = system_journal())
      : memory_(memory), log_(log), journal_(std::move(journal)) {}

  void take(const daemon::Outcome& outcome) override;

 private:
  void tell();
  std::int64_t told(const state::State& state) const;

  const daemon::OpenState& memory_;
  const Log& log_;
  Journal journal_;
  std::weak_ptr<state::State> state_;  ///< not held: its file can be opened once at a time
  std::int64_t told_ = 0;
  bool is_away_ = false;
};

/// MESSAGE_ID of each line.
inline constexpr const char* audit_message_id = "84e978120eac441590f28f24972d7907";

}  // namespace greenwave::report
