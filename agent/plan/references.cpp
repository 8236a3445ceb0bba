#include "plan/references.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "systemd/unit_paths.h"

namespace greenwave::plan {

namespace {

/// Like Footprint::defines, for one file that an entry has on the device.
std::vector<std::string> definitions_of(const Entry& entry) {
  constexpr std::string_view prefix = "path:";
  std::vector<std::string> names;
  for (const std::string_view claim : entry.claims) {
    if (!claim.starts_with(prefix)) continue;
    for (auto& name : systemd::definitions_at(claim.substr(prefix.size()))) {
      if (name != systemd::any_unit) names.push_back(std::move(name));
    }
  }
  return names;
}

/// Resolves references. Most renders have none, so the table is built on first use.
class Finder {
 public:
  explicit Finder(const Objects& objects) : objects_(objects) {}

  std::vector<std::size_t> find(const ObjectRef& ref, const ObjectId& from) {
    if (by_name_.empty()) {
      for (std::size_t i = 0; i < objects_.declared(); ++i) by_name_[key(objects_.id(i))].push_back(i);
    }
    std::vector<std::size_t> numbers;
    if (const auto named = by_name_.find(key(ref)); named != by_name_.end()) {
      for (const auto number : named->second) {
        if (refers_to(ref, from, objects_.id(number))) numbers.push_back(number);
      }
    }
    return numbers;
  }

  const ObjectId* find_nameless(const ObjectRef& ref, const ObjectId& from) const {
    for (const auto& id : objects_.nameless()) {
      if (refers_to(ref, from, id)) return &id;
    }
    return nullptr;
  }

  std::string suggestion(const ObjectRef& ref, const ObjectId& from) const {
    std::vector<std::string> names;
    names.reserve(objects_.declared());
    for (std::size_t i = 0; i < objects_.declared(); ++i) {
      if (objects_.id(i) != from) names.push_back(to_string(objects_.id(i)));
    }
    const auto near = nearest(to_string(ref), names);
    return near.empty() ? "declare it, or remove the reference" : fmt::format("did you mean {}?", near);
  }

 private:
  template <typename Named>
  static std::string key(const Named& named) {
    return named.kind + "/" + named.name;
  }

  const Objects& objects_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
};

/// Reads the references of one object at a time.
class ReferenceReader {
 public:
  ReferenceReader(Objects& objects, Problems& problems)
      : objects_(objects), problems_(problems), finder_(objects) {}

  std::vector<std::size_t> read(std::size_t number, const std::vector<ObjectRef>& refs,
                                std::string_view field, std::string_view verb, const ObjectId*& nameless) {
    const auto* written = objects_.desired(number).manifest.spec().find(field);
    const auto& place = written != nullptr ? written->place : objects_.desired(number).manifest.place();
    std::vector<std::size_t> found;
    for (const auto& ref : refs) {
      if (const auto* refused = add(number, ref, verb, place, found)) nameless = refused;
    }
    return found;
  }

  /// Only references to objects that exist.
  void read_declared(std::size_t number, const std::vector<ObjectRef>& refs, std::vector<std::size_t>& found,
                     const ObjectId*& nameless) {
    for (const auto& ref : refs) {
      const auto numbers = finder_.find(ref, objects_.id(number));
      found.insert(found.end(), numbers.begin(), numbers.end());
      if (!numbers.empty()) continue;
      if (const auto* refused = finder_.find_nameless(ref, objects_.id(number))) nameless = refused;
    }
  }

  std::vector<std::size_t> read_depends_on(std::size_t number, const ObjectId*& nameless) {
    std::vector<std::size_t> found;
    const auto& document = objects_.desired(number).manifest.document;
    const auto* written = document.at({"metadata", "annotations", annotations::depends_on});
    if (written == nullptr || written->string() == nullptr) return found;
    for (const auto part : split(*written->string(), ',')) {
      if (trim(part).empty()) continue;
      try {
        const auto* refused = add(number, parse_object_ref(trim(part)), "depends on", written->place, found);
        if (refused != nullptr) nameless = refused;
      } catch (const Error& error) {
        problems_.error(written->place, fmt::format("{}: {}", annotations::depends_on, error.message()),
                        error.remedy());
        objects_.refuse(number);
      }
    }
    return found;
  }

  std::vector<std::size_t> dangling;  ///< those that refer to what no manifest declares

 private:
  /// Returns the referenced object if it was refused before it could be numbered.
  const ObjectId* add(std::size_t number, const ObjectRef& ref, std::string_view verb, const Place& place,
                      std::vector<std::size_t>& found) {
    const auto& from = objects_.id(number);
    const auto numbers = finder_.find(ref, from);
    found.insert(found.end(), numbers.begin(), numbers.end());
    if (!numbers.empty()) return nullptr;
    const auto* refused = finder_.find_nameless(ref, from);
    if (refused != nullptr) return refused;
    problems_.error(place,
                    fmt::format("{} {} {}, which no manifest of this device declares", to_string(from), verb,
                                to_string(ref)),
                    finder_.suggestion(ref, from));
    objects_.refuse(number);
    dangling.push_back(number);
    return nullptr;
  }

  Objects& objects_;
  Problems& problems_;
  Finder finder_;
};

}  // namespace

References::References(Objects& objects, Problems& problems) : all_(objects.declared()) {
  ReferenceReader reader(objects, problems);
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    if (objects.refused()[i]) continue;
    const auto& footprint = objects.desired(i).footprint;
    auto& named = all_[i];
    const ObjectId* nameless = nullptr;
    const auto refuse = [&](std::string_view how, std::string_view relation) {
      const auto name = to_string(*nameless);
      problems.error(
          objects.desired(i).manifest.place(),
          fmt::format("{} is {}: it {} {}, which was refused", to_string(objects.id(i)), how, relation, name),
          fmt::format("fix {} first", name));
      objects.refuse(i);
    };
    named.depends_on = reader.read_depends_on(i, nameless);
    if (nameless != nullptr) refuse("skipped", "depends on");
    nameless = nullptr;
    named.restart_on = reader.read(i, footprint.restart_on, "restartOn", "restarts on", nameless);
    named.reload_on = reader.read(i, footprint.reload_on, "reloadOn", "reloads on", nameless);
    reader.read_declared(i, footprint.restart_on_declared, named.restart_on, nameless);
    named.restarts_on_nameless = nameless != nullptr;
    if (nameless != nullptr && objects.is_changed(i) && !objects.refused()[i]) refuse("held", "restarts on");
  }
  dangling_ = std::move(reader.dangling);
  read_definitions(objects);
}

void References::add_waits(Waits& waits) const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    for (const auto before : all_[i].depends_on) waits.add({before, i, Why::depends});
    for (const auto* list : {&all_[i].restart_on, &all_[i].reload_on}) {
      for (const auto before : *list) waits.add({before, i, Why::restarts});
    }
  }
}

void References::add_order(Waits& waits) const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    for (const auto before : all_[i].defined_by) {
      if (!waits.reaches(i, before)) waits.add({before, i});
    }
  }
}

void References::read_definitions(const Objects& objects) {
  std::unordered_map<std::string, std::vector<std::size_t>> defining;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto names =
        objects.is_declared(i) ? objects.desired(i).footprint.defines : definitions_of(*objects.entry(i));
    for (const auto& name : names) defining[name].push_back(i);
  }
  for (std::size_t i = 0; !defining.empty() && i < all_.size(); ++i) {
    for (const auto& name : objects.desired(i).footprint.defined_by) {
      const auto found = defining.find(name);
      if (found == defining.end()) continue;
      for (const auto by : found->second) {
        auto& known = all_[i].defined_by;
        if (by != i && !contains(known, by)) known.push_back(by);
      }
    }
  }
}

bool References::restarts_on_refused(std::size_t number, const Objects& objects) const {
  const auto& named = all_[number];
  const auto is_refused = [&](std::size_t cause) { return objects.refused()[cause]; };
  return named.restarts_on_nameless || std::ranges::any_of(named.restart_on, is_refused) ||
         std::ranges::any_of(named.reload_on, is_refused);
}

}  // namespace greenwave::plan
