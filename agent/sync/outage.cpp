#include "sync/outage.h"

#include "base/error.h"

namespace greenwave::sync {

namespace {
constexpr const char* key = "unreachable since";  // of State::value
}

Outage::Outage(state::State& state) : state_(state) {
  const auto written = state_.value(key).value_or("");
  try {
    if (!written.empty()) since_ = from_iso(written);
  } catch (const Error&) {
    // No writer of ours wrote it; the outage counts from its next failure.
  }
}

void Outage::goes_on(Time now) {
  if (since_) return;
  since_ = now;
  state_.note_value(key, to_iso(now));
}

void Outage::ends() {
  if (!since_) return;
  since_.reset();
  state_.note_value(key, "");
}

}  // namespace greenwave::sync
