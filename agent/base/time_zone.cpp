#include "base/time_zone.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/posix_tz.h"
#include "base/text.h"

namespace greenwave {

namespace {

using std::chrono::seconds;
using std::chrono::sys_days;

constexpr const char* database = "/usr/share/zoneinfo/";
constexpr std::size_t largest = 64 * 1024;  // the largest zone today has 4 KiB
constexpr std::size_t longest_name = 64;
constexpr seconds most_offset = std::chrono::hours(26);
/// The range that calendar arithmetic covers; a time beyond it is clamped to its edge.
constexpr Time earliest = sys_days{std::chrono::year{1} / 1 / 1};
constexpr Time latest = sys_days{std::chrono::year{9999} / 12 / 31};

/// RFC 8536, section 3: numbers are big-endian.
class BlockReader {
 public:
  explicit BlockReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw Error(Fault::invalid, "the time zone file is truncated");
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::int64_t number(std::size_t width) {
    std::uint64_t value = 0;
    const auto bytes = take(width);
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    const bool negative = width < 8 && (value >> (8 * width - 1) & 1) != 0;
    return static_cast<std::int64_t>(value) - (negative ? std::int64_t{1} << (8 * width) : 0);
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

struct Header {
  int version = 1;
  std::size_t utc = 0, standard = 0, leaps = 0, times = 0, types = 0, characters = 0;

  std::size_t body(std::size_t width) const {
    return times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standard + utc;
  }
};

Header read_header(BlockReader& reader) {
  if (reader.take(4) != "TZif") throw Error(Fault::invalid, "not a file of the tz database");
  Header header;
  const char version = reader.take(1).front();
  header.version = version == '\0' ? 1 : version - '0';
  reader.take(15);
  for (auto* count :
       {&header.utc, &header.standard, &header.leaps, &header.times, &header.types, &header.characters}) {
    const auto value = reader.number(4);
    if (value < 0 || static_cast<std::size_t>(value) > largest) {
      throw Error(Fault::invalid, "corrupt time zone file: counts exceed its size");
    }
    *count = static_cast<std::size_t>(value);
  }
  return header;
}

sys_days day_of(const TimeZone::Change& change, std::chrono::year year) {
  using Form = TimeZone::Change::Form;
  const auto new_year = sys_days{year / 1 / 1};
  if (change.form == Form::day) return new_year + std::chrono::days(change.day);
  if (change.form == Form::day_without_leap) {
    const bool after = year.is_leap() && change.day >= 60;
    return new_year + std::chrono::days(change.day - 1 + (after ? 1 : 0));
  }
  const std::chrono::weekday weekday(change.weekday);
  const auto month = year / std::chrono::month(change.month);
  if (change.week == 5) return sys_days{month / weekday[std::chrono::last]};
  return sys_days{month / weekday[change.week]};
}

}  // namespace

TimeZone::Span TimeZone::span_by_rule(Time time, Span within) const {
  if (!rule_->summer) {
    within.offset = rule_->standard;
    return within;
  }
  const auto middle = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year();
  std::vector<std::pair<Time, seconds>> changes;
  for (auto year = middle - std::chrono::years(1); year <= middle + std::chrono::years(1); ++year) {
    const auto& [standard, summer, to_summer, to_standard] = *rule_;
    changes.emplace_back(day_of(to_summer, year) + to_summer.time - standard, *summer);
    changes.emplace_back(day_of(to_standard, year) + to_standard.time - *summer, standard);
  }
  std::ranges::sort(changes);
  const auto next = std::ranges::find_if(changes, [time](const auto& change) { return change.first > time; });
  if (next != changes.begin()) {
    within.offset = std::prev(next)->second;
    within.begin = std::max(within.begin, std::prev(next)->first);
  }
  if (next != changes.end()) within.end = std::min(within.end, next->first);
  return within;
}

TimeZone::Span TimeZone::span_at(Time time) const {
  time = std::clamp(time, earliest, latest);
  const auto next =
      std::ranges::find_if(changes_, [time](const auto& change) { return change.first > time; });
  Span span{.begin = Time::min(), .end = Time::max(), .offset = first_};
  if (next != changes_.begin()) {
    span.begin = std::prev(next)->first;
    span.offset = std::prev(next)->second;
  }
  if (next != changes_.end()) {
    span.end = next->first;
    return span;
  }
  return rule_ ? span_by_rule(time, span) : span;
}

TimeZone parse_time_zone(std::string_view bytes) {
  BlockReader reader(bytes);
  auto header = read_header(reader);
  std::size_t width = 4;
  if (header.version >= 2) {  // the same data again, with 64-bit times
    reader.take(header.body(width));
    header = read_header(reader);
    width = 8;
  }
  if (header.leaps != 0) {
    throw Error(Fault::invalid, "this time zone counts leap seconds, which the device's clock does not",
                "remove \"right/\" from the name");
  }
  if (header.types == 0) throw Error(Fault::invalid, "the time zone file has no offset");

  std::vector<std::int64_t> times(header.times);
  for (auto& time : times) time = reader.number(width);
  const auto indexes = reader.take(header.times);
  std::vector<seconds> offsets(header.types);
  for (auto& offset : offsets) {
    offset = seconds(reader.number(4));
    reader.take(2);
    if (offset < -most_offset || offset > most_offset) {
      throw Error(Fault::invalid, "the time zone is more than a day from UTC");
    }
  }
  reader.take(header.characters + header.standard + header.utc);

  TimeZone zone;
  zone.first_ = offsets.front();
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto type = static_cast<unsigned char>(indexes[i]);
    if (type >= offsets.size())
      throw Error(Fault::invalid, "corrupt time zone file: a change refers to an offset that is missing");
    const auto second = std::clamp(times[i], earliest.time_since_epoch().count() / 1000,
                                   latest.time_since_epoch().count() / 1000);
    zone.changes_.emplace_back(Time(seconds(second)), offsets[type]);
  }
  if (!std::ranges::is_sorted(zone.changes_, {}, [](const auto& change) { return change.first; })) {
    throw Error(Fault::invalid, "corrupt time zone file: its changes are not in order");
  }
  auto footer = reader.rest();
  if (width == 8 && footer.size() > 2 && footer.front() == '\n' && footer.back() == '\n') {
    zone.rule_ = parse_posix_tz(footer.substr(1, footer.size() - 2));
  }
  return zone;
}

TimeZone load_time_zone(const std::string& name) {
  const auto is_part = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  const bool sound = !name.empty() && name.size() <= longest_name && name.front() != '/' &&
                     std::ranges::all_of(name, is_part);
  const auto unknown = [&](std::string_view why) {
    return Error(
        Fault::invalid, fmt::format("there is no time zone {}{}", printable(name), why),
        "write a name of the tz database, such as America/Los_Angeles, and check that the device has the "
        "package tzdata");
  };
  if (!sound) throw unknown("");
  std::string bytes;
  try {
    bytes = read_file(database + name, largest);
  } catch (const Error& error) {
    throw unknown(fmt::format(" ({})", error.message()));
  }
  return parse_time_zone(bytes);
}

}  // namespace greenwave
