// What the process that compares commits may say to the hub once it is taken over: what people are shown of
// it is within the limits, printable, and JSON.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "changes/changes.h"

using namespace greenwave;

namespace {

void check(const std::string& line) {
  if (line.size() > 2 * hub::most_line || printable(line) != line) std::abort();
}

void check(const hub::ChangeGroup& group) {
  if (group.some.size() > hub::most_named || group.steps.size() > hub::most_steps) std::abort();
  for (const auto& id : group.some) check(id);
  for (const auto& step : group.steps) check(step.verb + step.object);
  for (const auto& one : group.sample) {
    if (printable_lines(one.diff) != one.diff) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    auto changes = sandbox::from_bytes<hub::Changes>({reinterpret_cast<const char*>(bytes), size}, 64 << 20);
    hub::make_showable(changes);
    if (changes.groups.size() > hub::most_groups) std::abort();
    for (const auto& group : changes.groups) check(group);
    static_cast<void>(nlohmann::json::parse(hub::changes_json({"head", "base", "subject"}, changes)));
  } catch (const sandbox::Malformed&) {
  }
  return 0;
}
