#include "dpkg/control.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "dpkg/version.h"

namespace greenwave::dpkg {

namespace {

constexpr std::size_t most_shown = 80;
constexpr std::size_t most_relations = 4096;

using Order = Relation::Order;
/// The last two are what dpkg still reads of old packages.
constexpr std::array<std::pair<std::string_view, Order>, 7> orders{{{"<<", Order::earlier},
                                                                    {"<=", Order::at_most},
                                                                    {"=", Order::exactly},
                                                                    {">=", Order::at_least},
                                                                    {">>", Order::later},
                                                                    {"<", Order::at_most},
                                                                    {">", Order::at_least}}};

Error unreadable(std::string_view what, std::string_view text) {
  return {Fault::invalid,
          fmt::format("{} cannot be read at \"{}\"", what, in_one_line(trim(text), most_shown))};
}

std::pair<Order, std::string> read_condition(std::string_view text) {
  const auto condition = trim(text);
  const auto end = condition.find_first_not_of("<=>");
  const auto sign = condition.substr(0, end);
  const auto known = std::ranges::find(orders, sign, &std::pair<std::string_view, Order>::first);
  const auto version = end == condition.npos ? std::string_view() : trim(condition.substr(end));
  if (known == orders.end() || !is_version(version)) throw unreadable("a relation", text);
  return {known->second, std::string(version)};
}

Relation read_relation(std::string_view text) {
  Relation relation;
  auto name = trim(text);
  if (const auto open = text.find('('); open != text.npos) {
    const auto close = text.find(')', open);
    if (close == text.npos || !trim(text.substr(close + 1)).empty()) throw unreadable("a relation", text);
    std::tie(relation.order, relation.version) = read_condition(text.substr(open + 1, close - open - 1));
    name = trim(text.substr(0, open));
  }
  name = name.substr(0, name.find(':'));
  if (!is_package_name(name)) throw unreadable("a relation", text);
  relation.name = name;
  return relation;
}

}  // namespace

std::string_view Paragraph::field(std::string_view name) const {
  for (const auto& [known, value] : fields_) {
    if (same_but_for_case(known, name)) return trim(value);
  }
  return {};
}

void Paragraph::add_line(std::string_view line) {
  fields_.back().second.append("\n").append(line);
}

void read_paragraphs(std::string_view text, std::string_view what,
                     const std::function<void(const Paragraph&)>& take) {
  Paragraph paragraph;
  const auto end = [&] {
    if (!paragraph.empty()) take(paragraph);
    paragraph = {};
  };
  for (const auto line : split(text, '\n')) {
    if (trim(line).empty()) {
      end();
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (paragraph.empty()) throw unreadable(what, line);
      paragraph.add_line(line);
    } else {
      const auto colon = line.find(':');
      if (colon == line.npos || colon == 0 || line.front() == '-') throw unreadable(what, line);
      paragraph.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    }
  }
  end();
}

Paragraph read_control(std::string_view text, std::string_view what) {
  std::optional<Paragraph> control;
  read_paragraphs(text, what, [&](const Paragraph& one) {
    if (control) throw Error(Fault::invalid, fmt::format("{} describes several packages", what));
    control = one;
  });
  if (!control) throw Error(Fault::invalid, fmt::format("{} is empty", what));
  return *control;
}

std::string to_string(const Relation& relation) {
  if (relation.order == Order::any) return relation.name;
  const auto known = std::ranges::find(orders, relation.order, &std::pair<std::string_view, Order>::second);
  return fmt::format("{} ({} {})", relation.name, known->first, relation.version);
}

std::string to_string(const Alternatives& alternatives) {
  std::string text;
  for (const auto& one : alternatives) text += (text.empty() ? "" : " | ") + to_string(one);
  return text;
}

bool is_met(const Relation& relation, std::string_view version) {
  if (version.empty()) return false;
  if (relation.order == Order::any) return true;
  const auto order = compare_versions(version, relation.version);
  switch (relation.order) {
    case Order::earlier:
      return order < 0;
    case Order::at_most:
      return order <= 0;
    case Order::exactly:
      return order == 0;
    case Order::at_least:
      return order >= 0;
    default:
      return order > 0;
  }
}

std::vector<Alternatives> read_relations(std::string_view field) {
  std::vector<Alternatives> all;
  if (trim(field).empty()) return all;
  for (const auto group : split(field, ',')) {
    if (trim(group).empty()) continue;  // dpkg forgives a comma at the end
    auto& alternatives = all.emplace_back();
    for (const auto one : split(group, '|')) alternatives.push_back(read_relation(one));
    if (all.size() > most_relations || alternatives.size() > most_relations) {
      throw Error(Fault::invalid, "a package names too many others");
    }
  }
  return all;
}

}  // namespace greenwave::dpkg
