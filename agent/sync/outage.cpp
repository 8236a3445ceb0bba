#include "sync/outage.h"

#include "base/error.h"
#include "state/keys.h"

namespace greenwave::sync {

Outage::Outage(state::State& state) : state_(state) {
  const auto written = state_.value(state::keys::unreachable_since).value_or("");
  try {
    if (!written.empty()) since_ = from_iso(written);
  } catch (const Error&) {
    // No writer of ours wrote it; the outage counts from its next failure.
  }
}

void Outage::goes_on(Time now) {
  if (since_) return;
  since_ = now;
  state_.note_value(state::keys::unreachable_since, to_iso(now));
}

void Outage::ends() {
  if (!since_) return;
  since_.reset();
  state_.note_value(state::keys::unreachable_since, "");
}

}  // namespace greenwave::sync
