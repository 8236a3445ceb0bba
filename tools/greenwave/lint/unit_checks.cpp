#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/host/unit_spec.h"
#include "lint/checks.h"
#include "systemd/unit_paths.h"
#include "systemd/unit_text.h"

namespace greenwave::cli {

namespace {

namespace host = drivers::host;

constexpr std::string_view own_configuration = "/etc/greenwave";

struct UnitText {
  const Place& place;
  std::string_view unit;
};

void warn_of_own(const Manifest& manifest, const Place& place, std::string_view what, Problems& problems) {
  problems.warning(
      place, fmt::format("{} changes {}: a mistake in it can cut a device off", to_string(manifest.id), what),
      "try it on one device first, in a wave of its own");
}

/// Which part of the agent is at a path; empty: none.
std::string_view own_part(std::string_view path) {
  if (path == own_configuration ||
      (path.starts_with(own_configuration) && path.substr(own_configuration.size()).starts_with('/'))) {
    return "the agent's own configuration";
  }
  const auto units = systemd::definitions_at(path);
  return contains(units, host::own_unit) ? "the agent's own unit" : "";
}

void check_own(const Manifest& manifest, Problems& problems) {
  const auto* named = manifest.spec().find(host::is_unit(manifest.id) ? "name" : "path");
  if (named == nullptr || named->string() == nullptr) return;
  const bool is_own_unit = host::is_unit(manifest.id) && *named->string() == host::own_unit;
  const auto part = is_own_unit ? "the agent's own unit" : own_part(*named->string());
  if (!part.empty()) warn_of_own(manifest, named->place, part, problems);
}

/// The section of a unit type besides [Unit] and [Install]; "Service" for ".service".
std::string section_of(std::string_view unit) {
  std::string section(unit.substr(unit.rfind('.') + 1));
  if (!section.empty()) section.front() = static_cast<char>(section.front() - 'a' + 'A');
  return section;
}

bool is_up_to(std::string_view number, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return error != std::errc() || end != number.data() + number.size() || value <= most;
}

/// Whether the numbers in one part of a date or time, which may be a list, range or repetition, are in their
/// bounds.
bool are_up_to(std::string_view part, unsigned most) {
  while (!part.empty()) {
    const auto end = part.find_first_of(",./~");
    if (!is_up_to(part.substr(0, end), most)) return false;
    // A number after a slash is a step.
    const bool is_step = end != std::string_view::npos && part[end] == '/';
    part.remove_prefix(end == std::string_view::npos ? part.size() : end + 1);
    if (is_step) part.remove_prefix(std::min(part.find(','), part.size()));
  }
  return true;
}

bool is_day_list(std::string_view word) {
  static constexpr std::array<std::string_view, 7> days = {"monday", "tuesday",  "wednesday", "thursday",
                                                           "friday", "saturday", "sunday"};
  const auto text = in_lower_case(word);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find_first_of(",.-");
    const auto name = rest.substr(0, end);
    const auto is_it = [&](std::string_view day) { return name == day || name == day.substr(0, 3); };
    if (!name.empty() && std::ranges::none_of(days, is_it)) return false;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return true;
}

bool is_date_or_time(std::string_view word) {
  if (word.find_first_not_of("0123456789*,./:~-") != std::string_view::npos) return false;
  static constexpr std::array<unsigned, 3> most = {23, 59, 59};
  const auto parts = split(word, ':');
  if (parts.size() > 3) return false;
  for (std::size_t i = 0; parts.size() > 1 && i < parts.size(); ++i) {
    const auto whole = i == 2 ? parts[i].substr(0, parts[i].find('.')) : parts[i];
    if (!are_up_to(whole, most[i])) return false;
  }
  if (parts.size() > 1) return true;
  const auto date = split(word, '-');
  const bool has_year = date.size() == 3;
  return date.size() < 2 || (are_up_to(date[has_year ? 1 : 0], 12) && are_up_to(date.back(), 31));
}

/// Whether systemd.time(7) may allow this time. What only systemd itself can decide passes.
bool may_be_calendar(std::string_view text) {
  static constexpr std::array<std::string_view, 11> words = {
      "minutely", "hourly",   "daily",   "weekly",       "monthly",      "quarterly",
      "yearly",   "annually", "anually", "semiannually", "semi-annually"};
  bool first = true;
  bool is_any = false;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    is_any = true;
    const bool is_word = first && (contains(words, word) || word.front() == '@' || is_day_list(word));
    const bool is_zone =
        !first && (word == "UTC" || (word.find('/') != std::string_view::npos &&
                                     word.find_first_of("0123456789*") == std::string_view::npos));
    if (!is_word && !is_zone && !is_date_or_time(word)) return false;
    first = false;
  }
  return is_any;
}

void check_line(const UnitText& file, const systemd::UnitLine& line, Problems& problems) {
  const auto where = fmt::format("line {} of {}", line.number, file.unit);
  const auto own_section = section_of(file.unit);
  if (line.begins_section()) {
    const bool known = line.section == "Unit" || line.section == "Install" || line.section == own_section ||
                       line.section.starts_with("X-");
    if (known) return;
    problems.error(file.place,
                   fmt::format("{}: a {} has no section {}", where, own_section, printable(line.text)),
                   fmt::format("the sections are [Unit], [{}] and [Install]", own_section));
    return;
  }
  if (line.key.empty() || line.section.empty()) {
    problems.error(file.place,
                   line.key.empty() ? fmt::format("{} is neither a section nor an assignment", where)
                                    : fmt::format("{} is in no section", where),
                   "systemd ignores it; write KEY=VALUE below a [Section]");
    return;
  }
  const auto& value = line.value;
  if (line.section != "Timer" || line.key != "OnCalendar" || value.empty()) return;
  if (may_be_calendar(value) || value.find('%') != std::string::npos) return;
  problems.error(
      file.place, fmt::format("{}: OnCalendar={} is not a time that systemd knows", where, printable(value)),
      "systemd.time(7) has the format, for example Mon..Fri 02:00; systemd-analyze calendar tries one");
}

}  // namespace

void check_unit(const Manifest& manifest, Problems& problems) {
  if (manifest.id.api_version != own_api) return;
  if (host::is_unit(manifest.id) || manifest.id.kind == "File" || manifest.id.kind == "Directory") {
    check_own(manifest, problems);
  }
  if (!host::is_unit(manifest.id)) return;
  Problems known;  // they are reported by the kind
  const auto spec = host::read_unit_spec(manifest, known);
  if (known.has_errors()) return;
  for (const auto& file : spec.files) {
    const auto* place =
        manifest.document.at({"spec", file.path == spec.unit_path(spec.name) ? "content" : "dropIns"});
    if (place == nullptr) continue;
    for (const auto& line : systemd::unit_lines(file.content)) {
      check_line({place->place, spec.name}, line, problems);
    }
  }
}

}  // namespace greenwave::cli
