#include "state/evidence.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"

namespace greenwave::state {

namespace {

using nlohmann::json;

constexpr std::size_t longest_text = 300;

std::string compact(const json& line) {
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

void make_short(json& value) {
  if (value.is_string()) value = in_lines(value.get_ref<const std::string&>(), longest_text);
  if (!value.is_structured()) return;
  for (auto& member : value) make_short(member);
}

std::string_view event_of(const SyncRecord& record, bool interrupted) {
  if (interrupted) return "interrupted";
  switch (record.trigger) {
    case Trigger::pause:
      return "pause";
    case Trigger::resume:
      return "resume";
    case Trigger::damage:
      return "state lost";
    case Trigger::trust:
      return "trust";
    default:
      return "sync";
  }
}

std::string hash_of(json line) {
  line.erase("hash");
  return to_hex(sha256(compact(line)));
}

}  // namespace

json evidence_of(const SyncRecord& record, bool interrupted) {
  auto kept = record;
  kept.problems.clear();
  auto& actions = kept.actions;
  std::stable_partition(actions.begin(), actions.end(), [](const Action& action) { return !action.ok; });
  for (auto& action : actions) action.was.clear();  // a file's content is no evidence, and may be large
  const auto total = actions.size();
  actions.resize(std::min<std::size_t>(total, longest_line / 32));
  auto line = to_json(kept);
  line.erase("number");
  line["at"] = std::move(line["started"]);
  line.erase("started");
  line["event"] = event_of(record, interrupted);
  if (record.result == SyncResult::unknown) line.erase("result");
  make_short(line);
  // What the chain adds is about 300 bytes.
  auto& listed = line["actions"];
  while (compact(line).size() > longest_line - 300 && !listed.empty()) {
    listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(listed.size() / 2), listed.end());
  }
  if (listed.size() < total) line["actionsTotal"] = total;
  if (listed.empty()) line.erase("actions");
  return line;
}

std::string chained(json line, std::int64_t number, const std::string& previous) {
  line["number"] = number;
  line["previous"] = previous;
  line["hash"] = hash_of(line);
  return compact(line);
}

Broken check_chain(const std::vector<json>& lines) {
  const json* before = nullptr;
  for (const auto& line : lines) {
    const auto number = line.value("number", std::int64_t{0});
    if (line.value("hash", "") != hash_of(line)) return {number, "it is not as it was written"};
    if (before != nullptr && number != before->value("number", std::int64_t{0}) + 1) {
      return {number, "lines before it are missing"};
    }
    if (before != nullptr && line.value("previous", "") != before->value("hash", "")) {
      return {number, "the line before it is not the one that it was written after"};
    }
    before = &line;
  }
  return {};
}

}  // namespace greenwave::state
