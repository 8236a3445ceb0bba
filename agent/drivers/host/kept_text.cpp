#include "drivers/host/kept_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/host/file_comparison.h"
#include "drivers/host/kept.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_lines = 100;

std::string in_words(const Kept::Found& found) {
  const auto& about = found.about;
  const auto attributes = in_words(attributes_of(about));
  if (S_ISLNK(about.st_mode)) return "a link, in " + found.where;
  if (S_ISDIR(about.st_mode)) return fmt::format("a directory, {}, in {}", attributes, found.where);
  if (!S_ISREG(about.st_mode)) return "a special file, in " + found.where;
  return fmt::format("a file of {}, {}, in {}",
                     bytes_in_words(static_cast<unsigned long long>(about.st_size)), attributes, found.where);
}

constexpr const char* stays = "already was as declared, and stays";
constexpr const char* goes_back = "gives back what was there before";
constexpr const char* stays_then = "stays, as it was there before";

std::string in_words(Kept& kept, Parents& parents, const std::string& path) {
  try {
    const auto found = kept.find(parents, path);
    return found ? in_words(*found) : "nothing is kept any more";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string in_words(Kept& kept, Parents& parents, const std::string& path, const Before& was) {
  switch (was.kind) {
    case Before::Kind::same:
      return stays;
    case Before::Kind::attributes:
      return "a directory, " + in_words(was.attributes);
    default:
      return in_words(kept, parents, path);
  }
}

std::string on_removal(const Before& was) {
  switch (was.kind) {
    case Before::Kind::same:
      return stays_then;
    case Before::Kind::attributes:
      return in_words(was.attributes) + ", as it was before";
    default:
      return goes_back;
  }
}

/// "enabled, running": what the unit was, of what the manifest decides about now. Empty: nothing.
std::string state_before(const UnitRecord& record) {
  if (!comes_back(record)) return {};
  const auto& [file, active] = *record.before;
  const bool replaced = is_replaced(record);
  std::string words;
  if (!file.empty() && (record.enabled || record.masked || replaced)) words = file;
  if (!active.empty() && (record.running || replaced)) {
    words += fmt::format("{}{}", words.empty() ? "" : ", ", active == "active" ? "running" : "not running");
  }
  return words;
}

}  // namespace

std::vector<std::string> describe_kept(const Host& host, const Entry& entry) {
  std::vector<std::string> lines;
  const auto record = record_from_json(entry.record);
  if (record.before.empty() && record.adopted && !record.deletes) {
    lines.emplace_back("nothing of what was there before");
  }
  Kept kept(host);
  Parents parents(host, Parents::Purpose::look);
  for (const auto& [path, was] : record.before) {
    if (lines.size() == most_lines) {
      lines.push_back(fmt::format("… and {} more", record.before.size() - most_lines));
      break;
    }
    if (was.kind == Before::Kind::same && record.deletes) continue;
    lines.push_back(fmt::format("{}: {}", printable(path), in_words(kept, parents, path, was)));
  }
  return lines;
}

std::string gives_back(const FileRecord& record) {
  std::string text;
  std::size_t count = 0;
  for (const auto& [path, was] : record.before) {
    if (record.deletes) break;
    if (++count <= most_lines) text += fmt::format("{}: {}\n", printable(path), on_removal(was));
  }
  if (count > most_lines) text += fmt::format("… and {} more\n", count - most_lines);
  return text;
}

std::vector<std::string> describe_kept(const Host& host, const UnitRecord& record) {
  std::vector<std::string> lines;
  Kept kept(host);
  Parents parents(host, Parents::Purpose::look);
  for (const auto& path : record.kept) {
    lines.push_back(fmt::format("{}: {}", path, in_words(kept, parents, path)));
  }
  if (!record.deletes) {
    for (const auto& path : record.same) lines.push_back(fmt::format("{}: {}", path, stays));
  }
  if (const auto words = state_before(record); !words.empty()) {
    lines.push_back(fmt::format("{}: {}", record.unit, words));
  }
  return lines;
}

std::string gives_back(const UnitRecord& record) {
  std::string text;
  if (!record.deletes) {
    for (const auto& path : record.kept) text += fmt::format("{}: {}\n", path, goes_back);
    for (const auto& path : record.same) text += fmt::format("{}: {}\n", path, stays_then);
  }
  if (const auto words = state_before(record); !words.empty()) {
    text += fmt::format("{}: {}, as it was before\n", record.unit, words);
  }
  return text;
}

}  // namespace greenwave::drivers::host
