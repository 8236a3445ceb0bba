#include "drivers/host/install_section.h"

#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/unit_spec.h"
#include "systemd/unit_name.h"
#include "systemd/unit_text.h"

namespace greenwave::drivers::host {

namespace {

/// Adds the words of a list; an empty value forgets those before it.
void assign(std::vector<std::string>& list, std::string_view value) {
  if (value.empty()) list.clear();
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) list.push_back(std::move(word));
    word.clear();
  };
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      end_word();
    } else if (c != '"' && c != '\'') {
      word += c;
    }
  }
  end_word();
}

std::string prefix_of(std::string_view unit) {
  return std::string(unit.substr(0, std::min(unit.find('@'), unit.rfind('.'))));
}

/// Puts in the specifiers that name the unit itself.
std::string expand(const std::string& text, const std::string& unit) {
  std::string expanded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%' || at + 1 == text.size()) {
      expanded += text[at];
      continue;
    }
    const char specifier = text[++at];
    const auto prefix = prefix_of(unit);
    switch (specifier) {
      case '%':
        expanded += '%';
        break;
      case 'i':
        expanded += systemd::instance_of(unit);
        break;
      case 'j':
        expanded += prefix.substr(prefix.rfind('-') + 1);
        break;
      case 'n':
        expanded += unit;
        break;
      case 'N':
        expanded += unit.substr(0, unit.rfind('.'));
        break;
      case 'p':
        expanded += prefix;
        break;
      default:
        throw Error(Fault::invalid,
                    fmt::format("the [Install] section of {} uses the specifier %{}", unit, specifier),
                    "only %i, %j, %n, %N, %p and %% are understood where systemd does not run");
    }
  }
  return expanded;
}

/// The name under which a unit is linked: a template stands for its default instance.
std::string linked_name(const std::string& unit, const InstallSection& section) {
  if (!systemd::is_template(unit) || section.default_instance.empty()) return unit;
  const auto at = unit.find('@') + 1;
  return unit.substr(0, at) + expand(section.default_instance, unit) + unit.substr(at);
}

void check_name(const std::string& unit, const std::string& other) {
  if (other.find('/') == std::string::npos && other.find('.') != std::string::npos) return;
  throw Error(Fault::invalid, fmt::format("the [Install] section of {} names {}", unit, other),
              "write a unit's whole name, for example multi-user.target");
}

}  // namespace

void read_install_section(std::string_view text, InstallSection& section) {
  for (const auto& line : systemd::unit_lines(text)) {
    if (line.section != "Install") continue;
    const auto& [key, value] = std::tie(line.key, line.value);
    if (key == "WantedBy") assign(section.wanted_by, value);
    if (key == "RequiredBy") assign(section.required_by, value);
    if (key == "Alias") assign(section.alias, value);
    if (key == "Also") assign(section.also, value);
    if (key == "DefaultInstance") section.default_instance = value;
  }
}

std::vector<std::string> aliases_of(const std::string& unit, const InstallSection& section) {
  const auto name = linked_name(unit, section);
  std::vector<std::string> aliases;
  for (const auto& alias : section.alias) {
    auto other = expand(alias, name);
    check_name(unit, other);
    if (systemd::is_instance(unit) && systemd::is_template(other))
      other.insert(other.find('@') + 1, systemd::instance_of(unit));
    if (other != name) aliases.push_back(std::move(other));
  }
  return aliases;
}

std::vector<InstallLink> install_links(const std::string& unit, const std::string& file,
                                       const InstallSection& section) {
  const auto name = linked_name(unit, section);
  std::vector<InstallLink> links;
  for (const auto& alias : aliases_of(unit, section)) links.push_back({UnitSpec::unit_path(alias), file});
  const auto link_into = [&](const std::vector<std::string>& targets, std::string_view suffix) {
    for (const auto& target : targets) {
      const auto other = expand(target, name);
      check_name(unit, other);
      if (systemd::is_template(name) && !systemd::is_template(other)) {
        throw Error(
            Fault::invalid,
            fmt::format("{} is a template without DefaultInstance=, which {} cannot start", unit, other),
            "enable an instance of it, NAME@INSTANCE");
      }
      links.push_back({fmt::format("{}/{}{}/{}", systemd::unit_directory, other, suffix, name), file});
    }
  };
  link_into(section.wanted_by, ".wants");
  link_into(section.required_by, ".requires");
  return links;
}

}  // namespace greenwave::drivers::host
