#include "dpkg/package.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "dpkg/version.h"

namespace greenwave::dpkg {

namespace {

bool is_yes(std::string_view field) {
  return field == "yes";
}

std::string needed(const Paragraph& control, std::string_view field) {
  const auto value = control.field(field);
  if (value.empty()) throw Error(Fault::invalid, fmt::format("its control data has no {}", field));
  return std::string(value);
}

std::vector<Alternatives> relations(const Paragraph& control,
                                    std::initializer_list<std::string_view> fields) {
  std::vector<Alternatives> all;
  for (const auto field : fields) {
    auto more = read_relations(control.field(field));
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

/// "install ok installed"
void read_state(std::string_view field, Package& package) {
  const auto words = split(field, ' ');
  if (words.size() != 3) throw Error(Fault::invalid, "its Status is not three words");
  package.want = words[0];
  package.error = words[1];
  package.state = words[2];
}

std::string in_words(const Package& package) {
  return fmt::format("{} ({})", package.name, package.version);
}

/// By its name, or by what it provides: a Provides without a version meets no condition on one.
bool meets(const Package& package, const Relation& relation) {
  if (package.name == relation.name && is_met(relation, package.version)) return true;
  return std::ranges::any_of(package.provides, [&](const Alternatives& provided) {
    return std::ranges::any_of(provided, [&](const Relation& one) {
      if (one.name != relation.name) return false;
      return relation.order == Relation::Order::any || is_met(relation, one.version);
    });
  });
}

/// The table as it will be.
class Outlook {
 public:
  Outlook(const Table& table, std::string_view name, const Package* comes)
      : table_(table), name_(name), comes_(comes) {}

  bool has(const Alternatives& alternatives) const {
    return std::ranges::any_of(alternatives, [this](const Relation& one) { return has(one); });
  }

  Objections objections() const {
    Objections found;
    if (comes_ != nullptr) speak_for_itself(found);
    for (const auto& other : table_.packages()) {
      if (!stays(other)) continue;
      for (const auto& needs : other.depends) {
        if (!concerns(needs) || !had(needs) || has(needs)) continue;
        found.excludes.push_back(fmt::format("{} needs {}", in_words(other), to_string(needs)));
      }
      if (comes_ != nullptr) exclude(other, found);
    }
    return found;
  }

 private:
  bool stays(const Package& package) const { return package.name != name_ && package.is_installed(); }

  bool has(const Relation& relation) const {
    if (comes_ != nullptr && meets(*comes_, relation)) return true;
    return std::ranges::any_of(table_.packages(),
                               [&](const Package& one) { return stays(one) && meets(one, relation); });
  }

  /// As the table is now.
  bool had(const Alternatives& alternatives) const {
    return std::ranges::any_of(alternatives, [this](const Relation& relation) {
      return std::ranges::any_of(table_.packages(),
                                 [&](const Package& one) { return one.is_there() && meets(one, relation); });
    });
  }

  /// Whether the package that comes or goes could be meant.
  bool concerns(const Alternatives& alternatives) const {
    const auto* before = table_.find(name_);
    return std::ranges::any_of(alternatives, [&](const Relation& relation) {
      return relation.name == name_ || (before != nullptr && meets(*before, relation));
    });
  }

  void speak_for_itself(Objections& found) const {
    for (const auto& needs : comes_->depends) {
      if (!has(needs)) found.lacks.push_back(to_string(needs));
    }
  }

  void exclude(const Package& other, Objections& found) const {
    const auto excludes = [](const Package& one, const Package& another) {
      return std::ranges::any_of(one.excludes, [&](const Alternatives& some) {
        return std::ranges::any_of(some, [&](const Relation& relation) { return meets(another, relation); });
      });
    };
    if (!excludes(*comes_, other) && !excludes(other, *comes_)) return;
    found.excludes.push_back(fmt::format("{} and {} exclude each other", in_words(*comes_), in_words(other)));
  }

  const Table& table_;
  const std::string_view name_;
  const Package* const comes_;
};

}  // namespace

bool Package::is_broken() const {
  static constexpr std::string_view unfinished[] = {"half-installed", "unpacked", "half-configured",
                                                    "triggers-awaited", "triggers-pending"};
  return (!error.empty() && error != "ok") || contains(unfinished, state);
}

Package package_of(const Paragraph& control) {
  Package package;
  package.name = needed(control, "Package");
  package.version = needed(control, "Version");
  package.architecture = needed(control, "Architecture");
  if (!is_package_name(package.name)) throw Error(Fault::invalid, "its Package is not a package's name");
  if (!is_version(package.version)) throw Error(Fault::invalid, "its Version is not a version");
  package.essential = is_yes(control.field("Essential")) || is_yes(control.field("Protected"));
  package.depends = relations(control, {"Pre-Depends", "Depends"});
  package.excludes = relations(control, {"Conflicts", "Breaks"});
  package.provides = relations(control, {"Provides"});
  return package;
}

void Table::update(std::string_view status) {
  read_paragraphs(status, "dpkg's status file", [&](const Paragraph& paragraph) {
    Package package;
    try {
      package = package_of(paragraph);
    } catch (const Error&) {
      package.name = paragraph.field("Package");
      package.version = paragraph.field("Version");
      package.architecture = paragraph.field("Architecture");
      if (!is_package_name(package.name)) return;
    }
    try {
      read_state(paragraph.field("Status"), package);
    } catch (const Error&) {
      return;
    }
    const bool is_known = numbers_.contains(package.name);
    const auto is_it = [&](const Package& one) {
      return one.name == package.name && one.architecture == package.architecture;
    };
    const auto known = is_known ? std::ranges::find_if(packages_, is_it) : packages_.end();
    if (known == packages_.end()) {
      packages_.push_back(std::move(package));
    } else {
      *known = std::move(package);
    }
  });
  index();
  if (const auto own = numbers_.find("dpkg"); own != numbers_.end()) {
    architecture_ = packages_[own->second].architecture;
  }
}

void Table::put(Package package) {
  remove(package.name);
  package.error = "ok";
  package.state = "installed";
  packages_.push_back(std::move(package));
  index();
}

void Table::remove(std::string_view name) {
  std::erase_if(packages_, [name](const Package& one) { return one.name == name; });
  index();
}

void Table::index() {
  numbers_.clear();
  for (std::size_t i = 0; i < packages_.size(); ++i) numbers_.emplace(packages_[i].name, i);
}

const Package* Table::find(std::string_view name) const {
  const Package* found = nullptr;
  const auto [begin, end] = numbers_.equal_range(name);
  for (auto at = begin; at != end; ++at) {
    const auto& package = packages_[at->second];
    const bool is_own = package.architecture == architecture_ || package.architecture == "all";
    if (found == nullptr || is_own) found = &package;
  }
  return found;
}

Objections against(const Table& table, const Package& comes) {
  return Outlook(table, comes.name, &comes).objections();
}

Objections against_removal(const Table& table, std::string_view name) {
  return Outlook(table, name, nullptr).objections();
}

}  // namespace greenwave::dpkg
