#include "report/outbox.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "state/keys.h"

namespace greenwave::report {

namespace {

/// For what is around the state and the records.
constexpr std::size_t frame = 4096;

std::int64_t number_in(const state::State& state, const char* key) {
  const auto text = state.value(key).value_or("");
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::max<std::int64_t>(number, 0);
}

std::int64_t seconds(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void Outbox::open(const std::shared_ptr<state::State>& state, Time now) {
  if (state == state_.lock()) return;
  const auto watermark = number_in(*state, state::keys::hub_has);
  const auto boot = std::max({boot_, number_in(*state, state::keys::hub_boot) + 1, seconds(now)});
  state->set_value(state::keys::hub_boot, std::to_string(boot));
  if (std::exchange(boot_, boot) != boot) begin_again();
  state_ = state;
  has_ = Acknowledged(watermark);
  kept_watermark_ = watermark;
  unanswered_.reset();
}

std::optional<Parcel> Outbox::next(const Snapshot& snapshot, bool heartbeat) {
  Parcel parcel;
  std::size_t size = frame;
  auto fingerprint = fingerprint_of(snapshot.state);
  if (fingerprint != acknowledged_state_) {
    parcel.fingerprint = std::move(fingerprint);
    size += text_of(snapshot.state).size();
  }
  const bool has_state = !parcel.fingerprint.empty();
  auto batch = has_state && state_goes_alone_ ? Batch() : unsent(most_bytes - std::min(size, most_bytes));
  parcel.oldest = batch.oldest;
  parcel.newest = batch.newest;
  parcel.records = batch.records.size();
  if (!has_state && parcel.records == 0 && !heartbeat) return {};
  const bool is_repeat = unanswered_ && unanswered_->fingerprint == parcel.fingerprint &&
                         unanswered_->oldest == parcel.oldest && unanswered_->newest == parcel.newest;
  if (is_repeat) return unanswered_;
  nlohmann::json report{
      {"device", snapshot.device}, {"boot", boot_}, {"sequence", ++sequence_}, {"at", to_iso(snapshot.now)}};
  if (has_state) report["state"] = snapshot.state;
  if (parcel.records > 0) report["syncs"] = std::move(batch.records);
  parcel.body = text_of(report);
  unanswered_ = parcel;
  return parcel;
}

void Outbox::acknowledged(bool wants_state) {
  if (!unanswered_) return;
  const auto parcel = *std::exchange(unanswered_, {});
  if (!parcel.fingerprint.empty()) {
    acknowledged_state_ = parcel.fingerprint;
    state_goes_alone_ = false;
  } else if (wants_state) {
    acknowledged_state_.clear();
  }
  if (parcel.records == 0) return;
  batch_ = std::min(batch_ * 2, most_listed);
  has_.add(parcel.oldest, parcel.newest);
  keep_watermark();
}

void Outbox::refused() {
  if (!unanswered_) return;
  const auto parcel = *std::exchange(unanswered_, {});
  if (!parcel.fingerprint.empty() && parcel.records > 0) {
    state_goes_alone_ = true;
  } else if (!parcel.fingerprint.empty()) {
    acknowledged_state_ = parcel.fingerprint;
    state_goes_alone_ = false;
  } else if (parcel.records > 1) {
    batch_ = parcel.records / 2;
  } else if (parcel.records == 1) {
    has_.add(parcel.oldest, parcel.newest);
    keep_watermark();
  }
}

void Outbox::known_boot(std::int64_t boot) {
  set_boot(std::max(boot, boot_) + 1);
}

void Outbox::begin_again() {
  sequence_ = 0;
  acknowledged_state_.clear();
  unanswered_.reset();
}

void Outbox::set_boot(std::int64_t boot) {
  state_.lock()->set_value(state::keys::hub_boot, std::to_string(boot));
  boot_ = boot;
  begin_again();
}

/// The newest records that the hub lacks, as many as fit.
Outbox::Batch Outbox::unsent(std::size_t room) {
  const auto gaps = has_.gaps();
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const auto records = state_.lock()->history_between(gaps[i].above, gaps[i].below, batch_);
    if (records.empty() && i > 0) {  // of the history's own bounds: it has no more of them
      has_.close(gaps[i]);
      keep_watermark();
    }
    Batch batch;
    for (const auto& record : records) {
      auto made = record_of(record);
      const auto size = text_of(made).size() + 1;
      if (size > room) break;
      room -= size;
      if (batch.newest == 0) batch.newest = record.number;
      batch.oldest = record.number;
      batch.records.push_back(std::move(made));
    }
    if (!records.empty()) return batch;
  }
  return {};
}

void Outbox::keep_watermark() {
  const auto watermark = has_.watermark();
  if (watermark == kept_watermark_) return;
  state_.lock()->note_value(state::keys::hub_has, std::to_string(watermark));
  kept_watermark_ = watermark;
}

}  // namespace greenwave::report
