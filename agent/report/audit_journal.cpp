#include "report/audit_journal.h"

#include <charconv>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/text.h"
#include "state/history.h"
#include "state/keys.h"

namespace greenwave::report {

namespace {

using nlohmann::json;

constexpr const char* socket_path = "/run/systemd/journal/socket";
constexpr std::size_t batch = 100;
constexpr int notice = 5;
constexpr int warning = 4;
constexpr int authpriv = 10;  // syslog(3): LOG_AUTHPRIV, whose log is not for everybody

std::int64_t number_from(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool went_well(const json& line) {
  using state::SyncResult;
  switch (state::sync_result_from(line.value("result", ""))) {
    case SyncResult::failed:
    case SyncResult::refused:
    case SyncResult::not_healthy:
    case SyncResult::reverted:
    case SyncResult::error:
      return false;
    default:
      return line.value("event", "") != "interrupted";
  }
}

/// libsystemd says nothing of a journal that is not there.
bool send(const json& line) {
  std::error_code failure;
  if (!std::filesystem::exists(socket_path, failure)) return false;
  const auto text = line.dump(-1, ' ', false, json::error_handler_t::replace);
  std::vector<std::string> fields{"MESSAGE=" + text,
                                  std::string("MESSAGE_ID=") + audit_message_id,
                                  fmt::format("PRIORITY={}", went_well(line) ? notice : warning),
                                  "SYSLOG_IDENTIFIER=greenwave-audit",
                                  fmt::format("SYSLOG_FACILITY={}", authpriv),
                                  fmt::format("GREENWAVE_NUMBER={}", line.value("number", std::int64_t{0}))};
  for (const auto& [field, member] : {std::pair{"HASH", "hash"},
                                      {"EVENT", "event"},
                                      {"RESULT", "result"},
                                      {"COMMIT", "commit"},
                                      {"WHO", "who"},
                                      {"DEVICE", "device"}}) {
    const auto value = line.value(member, "");
    if (!value.empty()) fields.push_back(fmt::format("GREENWAVE_{}={}", field, printable(value)));
  }
  std::vector<iovec> parts;
  for (auto& field : fields) parts.push_back({field.data(), field.size()});
  return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

/// A field of the entry that the journal is at.
std::string field_of(sd_journal* journal, const std::string& name) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (sd_journal_get_data(journal, name.c_str(), &data, &size) < 0 || size <= name.size()) return {};
  return std::string(static_cast<const char*>(data), size).substr(name.size() + 1);
}

std::optional<std::pair<std::int64_t, std::string>> newest() {
  sd_journal* opened = nullptr;
  if (sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY) < 0) return {};
  const std::unique_ptr<sd_journal, Freed<sd_journal_close>> journal(opened);
  const auto match = std::string("MESSAGE_ID=") + audit_message_id;
  if (sd_journal_add_match(journal.get(), match.data(), match.size()) < 0) return {};
  if (sd_journal_seek_tail(journal.get()) < 0 || sd_journal_previous(journal.get()) <= 0) return {};
  return {
      {number_from(field_of(journal.get(), "GREENWAVE_NUMBER")), field_of(journal.get(), "GREENWAVE_HASH")}};
}

}  // namespace

Journal system_journal() {
  return {.send = send, .newest = newest};
}

std::int64_t AuditJournal::told(const state::State& state) const {
  const auto last = state.last_evidence();
  if (const auto found = journal_.newest()) {
    const auto& [number, hash] = *found;
    const auto lines = state.evidence(number - 1, 1);
    // Another chain: the state was lost since, or it is another device's journal.
    if (!lines.empty() && lines.front().value("hash", "") == hash) return number;
  }
  return std::min(last, number_from(state.value(state::keys::audit_told).value_or("")));
}

void AuditJournal::take(const daemon::Outcome& outcome) {
  if (!outcome.config.audit_journal) return;
  try {
    tell();
  } catch (const Error& error) {
    // Worn flash, or a full disk: the device's work goes on without.
    if (!is_away_) log_.warning(std::string("audit: ") + error.what());
    is_away_ = true;
  }
}

void AuditJournal::tell() {
  const auto state = memory_.get();
  if (state != state_.lock()) {
    state_ = state;
    told_ = told(*state);
  }
  for (auto lines = state->evidence(told_, batch); !lines.empty(); lines = state->evidence(told_, batch)) {
    for (const auto& line : lines) {
      if (!journal_.send(line)) {
        if (!is_away_) log_.warning("audit: journald does not take the evidence; it gets it once it does");
        is_away_ = true;
        return;
      }
      told_ = line.value("number", std::int64_t{0});
    }
    is_away_ = false;
    state->note_value(state::keys::audit_told, std::to_string(told_));
  }
}

}  // namespace greenwave::report
