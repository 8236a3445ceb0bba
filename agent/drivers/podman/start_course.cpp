#include "drivers/podman/start_course.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

namespace {

using Role = Container::Role;

// As the kubelet has them.
constexpr std::chrono::seconds first_delay(10);
constexpr std::chrono::seconds longest_delay(300);

std::vector<Container> in_turn(const std::vector<Container>& pod) {
  std::vector<Container> members;
  std::ranges::copy_if(pod, std::back_inserter(members),
                       [](const Container& one) { return one.role != Role::main; });
  std::ranges::sort(members, {}, &Container::turn);
  return members;
}

/// The first one that is still to run. What ran before the others' last start belongs to an earlier life of
/// the pod; within a second nobody can tell, and it runs again.
std::size_t first_open(const std::vector<Container>& members, const std::vector<Container>& pod) {
  std::int64_t last_life = 0;
  for (const auto& one : pod) {
    if (one.role == Role::main) last_life = std::max(last_life, one.started);
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& one = members[i];
    const bool done = one.role == Role::sidecar
                          ? one.is_running()
                          : one.has_ended() && one.exit_code == 0 && one.started > last_life;
    if (!done) return i;
  }
  return members.size();
}

}  // namespace

bool has_turns(const std::vector<Container>& pod) {
  return std::ranges::any_of(pod, [](const Container& one) { return one.role != Role::main; });
}

StartCourse::Next StartCourse::next(const std::vector<Container>& pod, Instant now) {
  if (!lost_.empty()) return {Next::What::lost, {}, lost_};
  const auto members = in_turn(pod);
  const auto runs = [](const Container& one) { return one.role == Role::main && one.is_running(); };
  if (std::ranges::any_of(pod, runs)) at_ = members.size();
  if (!at_) {
    at_ = first_open(members, pod);
    // One that failed for good under another agent has had its turn.
    launched_ = *at_ < members.size() && members[*at_].has_ended() && members[*at_].exit_code != 0 &&
                members[*at_].restart == "Never" && std::ranges::none_of(pod, [](const Container& one) {
                  return one.role == Role::main && one.started > 0;
                });
  }
  for (; *at_ < members.size(); ++*at_, launched_ = false) {
    if (auto found = step(members[*at_], now)) return *found;
    failures_ = 0;
  }
  return start_rest(pod);
}

/// What the one whose turn it is needs; nothing when the next one's turn has come.
std::optional<StartCourse::Next> StartCourse::step(const Container& member, Instant now) {
  const auto name = printable(member.short_name());
  if (member.is_running()) launched_ = true;
  if (!launched_) {
    if (now < again_) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(again_ - now);
      return Next{
          Next::What::wait, {}, fmt::format("{}; it is started again in {}", failure_, to_words(left))};
    }
    launched_ = true;
    return Next{Next::What::start, {member.id}, fmt::format("waiting for init container {}", name)};
  }
  if (member.role == Role::sidecar) {
    if (member.is_running()) return {};
    return Next{Next::What::wait, {}, fmt::format("waiting for sidecar {} to run", name)};
  }
  if (!member.has_ended())
    return Next{Next::What::wait, {}, fmt::format("waiting for init container {}", name)};
  if (member.exit_code == 0) return {};
  const auto how = fmt::format("init container {} ended with exit status {}", name, member.exit_code);
  if (member.restart == "Never") {
    lost_ = how;
    return Next{Next::What::lost, {}, lost_};
  }
  fail(how, now);
  return step(member, now);
}

StartCourse::Next StartCourse::start_rest(const std::vector<Container>& pod) {
  Next next{Next::What::start, {}, {}};
  for (const auto& one : pod) {
    const bool is_down =
        one.role == Role::main ? !is_up(one, one.restart) : one.role == Role::sidecar && !one.is_running();
    if (is_down) next.ids.push_back(one.id);
  }
  if (launched_rest_ || next.ids.empty()) return {Next::What::done, {}, {}};
  launched_rest_ = true;
  return next;
}

void StartCourse::fail(const std::string& why, Instant now) {
  if (launched_rest_) {
    lost_ = why;
    return;
  }
  failure_ = why;
  again_ = now + std::min(first_delay * (1 << std::min(failures_, 5u)), longest_delay);
  ++failures_;
  launched_ = false;
}

void StartCourse::ask_again() {
  launched_ = launched_rest_ = false;
}

}  // namespace greenwave::drivers::podman
