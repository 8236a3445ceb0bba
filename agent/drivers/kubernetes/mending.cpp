// What can be done about an object that the server refuses to change as a manifest says.
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/applying.h"
#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/reclaim.h"
#include "drivers/kubernetes/recreation.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr auto pause = std::chrono::milliseconds(200);
constexpr auto longest_deletion = std::chrono::seconds(60);

using SteadyClock = std::chrono::steady_clock;

}  // namespace

/// Whether it has an outcome now: by removing what others have added, or by deleting it and creating it
/// again.
bool Applying::mend(Work& work, const http::Response& refusal) {
  const auto& manifest = work.step->desired->manifest;
  if (refusal.status == 500 && is_refusal(refusal) && !is_the_manifests_fault(work)) {
    fail(work, Fault::transient, "the server failed to process it (500); it is tried again");
    return true;
  }
  if (refusal.status == 422 && make_room(work, refusal)) return true;
  if (needs_recreation(server_, work.target, manifest, refusal)) {
    recreate(work);
    return true;
  }
  return false;
}

/// A server that finds a mistake only when it decodes the object says 500 without a reason, and so it does
/// when its store fails: then it cannot read the object either.
bool Applying::is_the_manifests_fault(const Work& work) {
  const auto call = look_at(work);
  const auto answer = std::move(server_.api.send_all({&call, 1}, Duration::zero()).front());
  return !answer.failure && (answer.response.success() || answer.response.status == 404);
}

bool Applying::make_room(Work& work, const http::Response& refusal) {
  const auto& manifest = work.step->desired->manifest;
  auto look = look_at(work);
  look.accept = Call{}.accept;
  const auto live = ask(look);
  if (live.failure || !live.response.success()) return false;
  const auto object = parse_answer(live.response.body);
  const auto found = reclaim_for(server_, work.target, manifest, object, refusal);
  if (!found) return false;
  const auto claimed = ask(managers_call(look_at(work), found->patch));
  if (claimed.failure || !claimed.response.success()) return false;
  auto manner = work.manner;
  manner.force = true;
  const auto answer = ask(apply_call(server_, work.target, manifest, manner));
  if (!answer.failure && answer.response.success()) {
    work.notes.push_back("removed " + found->what);
    succeed(work, answer.response);
    return true;
  }
  // It did not help: whoever had the fields gets them back.
  auto entries = nlohmann::json::parse(found->restore, nullptr, false);
  ask(managers_call(look_at(work), managers_patch(parse_answer(claimed.response.body), std::move(entries))));
  return false;
}

void Applying::recreate(Work& work) {
  Call removal = look_at(work);
  removal.method = "DELETE";
  removal.body = R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"})";
  removal.body_type = "application/json";
  const auto answer = ask(removal);
  if (answer.failure || (!answer.response.success() && answer.response.status != 404)) {
    return refuse(work, answer, "delete");
  }
  if (!wait_until_gone(work)) {
    return fail(work, Fault::transient,
                "it was deleted, to be created again, but a finalizer keeps it; it will be created when "
                "it is gone");
  }
  work.manner.force = true;
  const auto created = ask(apply_call(server_, work.target, work.step->desired->manifest, work.manner));
  if (created.failure || !created.response.success()) return refuse(work, created, "patch");
  work.notes.emplace_back("deleted and created again");
  succeed(work, created.response);
}

bool Applying::wait_until_gone(const Work& work) {
  const auto call = look_at(work);
  const auto deadline = SteadyClock::now() + longest_deletion;
  while (SteadyClock::now() < deadline) {
    const auto answer = ask(call);
    if (!answer.failure && answer.response.status == 404) return true;
    std::this_thread::sleep_for(pause);
    while_waiting_();
  }
  return false;
}

}  // namespace greenwave::drivers::kubernetes
