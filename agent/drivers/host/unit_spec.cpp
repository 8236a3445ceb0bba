#include "drivers/host/unit_spec.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/host/install_section.h"
#include "systemd/unit_paths.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t longest_name = 255;
constexpr int unit_rank = 30;
constexpr plan::Watch unit_health_watch{.interval = std::chrono::seconds(1),
                                        .within = std::chrono::minutes(2)};
constexpr std::array<std::string_view, 9> suffixes = {".service", ".socket", ".timer", ".path",     ".target",
                                                      ".mount",   ".swap",   ".slice", ".automount"};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(":-_.\\@").find(c) != std::string_view::npos;
}

void check_name(yaml::Fields& spec, const std::string& name) {
  if (name.empty()) return;
  const auto suffix =
      std::ranges::find_if(suffixes, [&](std::string_view end) { return name.ends_with(end); });
  if (suffix == suffixes.end()) {
    spec.error("name", fmt::format("{} does not end like a unit that can be declared", name),
               fmt::format("write the whole name, for example {}.service; the types are {}", name,
                           fmt::join(suffixes, " ")));
  } else if (name.size() == suffix->size() || name.front() == '@') {
    spec.error("name", fmt::format("{} has nothing before its type", name));
  } else if (name.size() > longest_name) {
    spec.error("name", fmt::format("a unit's name has at most {} characters", longest_name));
  } else if (!std::ranges::all_of(name, is_name_character)) {
    spec.error("name", fmt::format("{} holds characters that a unit's name cannot have", name),
               "use letters, digits and : - _ . \\ @; systemd-escape writes others as \\xNN");
  }
}

void check_drop_in_name(yaml::Fields& drop_in, const std::string& name) {
  if (name.empty()) return;
  if (!name.ends_with(".conf")) {
    drop_in.error("name", fmt::format("systemd reads only drop-ins whose names end in .conf, not {}", name),
                  fmt::format("write {}.conf", name));
  } else if (name.front() == '.' || name.size() > longest_name ||
             !std::ranges::all_of(name, is_name_character)) {
    drop_in.error("name", fmt::format("{} is not a name for a drop-in", name),
                  "use letters, digits and - _ ., for example 10-limits.conf");
  }
}

/// An empty unit file means to systemd that the unit is masked: nobody writes one for that.
std::string content_of(yaml::Fields& fields, std::string content) {
  if (content.find_first_not_of(" \t\r\n") == std::string::npos) {
    fields.error("content", "the content is empty",
                 "write the sections of the unit, [Unit] and [Service] say");
  } else if (content.find('\0') != std::string::npos) {
    fields.error("content", "the content holds a NUL byte");
  }
  if (!content.ends_with('\n')) content += '\n';
  return content;
}

void read_drop_ins(yaml::Fields& spec, Problems& problems, UnitSpec& unit) {
  const auto* list = spec.sequence("dropIns");
  if (list == nullptr) return;
  std::set<std::string> seen;
  for (const auto& item : *list->sequence()) {
    yaml::Fields drop_in(item, "a drop-in", problems);
    const auto name = drop_in.required_text("name");
    check_drop_in_name(drop_in, name);
    if (!name.empty() && !seen.insert(name).second) {
      drop_in.error("name", fmt::format("there are two drop-ins {}", name), "give one of them another name");
    }
    auto content = drop_in.required_text("content");
    if (drop_in.has("content")) content = content_of(drop_in, std::move(content));
    unit.files.push_back(
        {fmt::format("{}/{}.d/{}", systemd::unit_directory, unit.name, name), std::move(content)});
    drop_in.done();
  }
}

std::vector<ObjectRef> read_refs(yaml::Fields& spec, std::string_view key) {
  std::vector<ObjectRef> refs;
  for (const auto& text : spec.texts(key)) {
    try {
      refs.push_back(parse_object_ref(text));
    } catch (const Error& error) {
      spec.error(key, error.message(), error.remedy());
    }
  }
  return refs;
}

/// The name of a template's instance, for examples.
std::string instance_like(const std::string& unit) {
  return fmt::format("{}NAME{}", unit.substr(0, unit.find('@') + 1), unit.substr(unit.rfind('.')));
}

void check_template(yaml::Fields& spec, const UnitSpec& unit) {
  if (!systemd::is_template(unit.name)) return;
  if (unit.running) {
    spec.error(
        "running", fmt::format("{} is a template, which cannot run", unit.name),
        fmt::format("remove running, and declare its instances, for example {}, as objects of their own",
                    instance_like(unit.name)));
  }
  InstallSection install;
  for (const auto& file : unit.files) read_install_section(file.content, install);
  if (unit.enabled == true && unit.defines_unit() && install.default_instance.empty()) {
    spec.error(
        "enabled",
        fmt::format("{} is a template without DefaultInstance=, of which nothing can be enabled", unit.name),
        fmt::format(
            "enable its instances, for example {}, as objects of their own; or write DefaultInstance= into "
            "its [Install] section",
            instance_like(unit.name)));
  }
}

/// A unit is enabled as its own files say, not as another object's drop-in does.
void check_install(yaml::Fields& spec, const UnitSpec& unit) {
  if (unit.enabled != true || !unit.defines_unit() || systemd::is_template(unit.name)) return;
  InstallSection install;
  for (const auto& file : unit.files) read_install_section(file.content, install);
  if (!install.empty()) return;
  spec.error("enabled", fmt::format("{} has no [Install] section, so it cannot be enabled", unit.name),
             "add WantedBy=multi-user.target to its [Install] section, or leave out enabled");
}

/// A masked unit cannot be started, and its files are not read.
void check_masked(yaml::Fields& spec, const UnitSpec& unit) {
  const auto refuse = [&](std::string_view key, std::string_view what) {
    spec.error(key, fmt::format("{} is masked here, so that it {}", unit.name, what),
               fmt::format("remove {} or masked", key));
  };
  if (unit.running == true) refuse("running", "cannot run");
  if (unit.enabled == true) refuse("enabled", "cannot be enabled");
  if (unit.defines_unit()) {
    refuse("content", "has no unit file");
  } else if (!unit.files.empty()) {
    refuse("dropIns", "has no drop-ins");
  }
}

/// The agent neither ends itself nor what guards it.
void check_own_unit(yaml::Fields& spec, const UnitSpec& unit) {
  const auto* what = unit.name == own_unit ? "itself" : "what guards it";
  if (unit.running == false) {
    spec.error("running",
               fmt::format("the agent does not stop {}: it may not be there to start it again", what),
               "stop it on the device, with systemctl");
  }
  if (unit.enabled == false) {
    spec.error("enabled",
               fmt::format("the agent does not disable {}: it would not come back after a boot", what),
               "disable it on the device, with systemctl");
  }
  if (unit.masked == true) {
    spec.error("masked", fmt::format("the agent does not mask {}: it would not come back after a boot", what),
               "mask it on the device, with systemctl");
  }
}

void check_sense(yaml::Fields& spec, const UnitSpec& unit) {
  if (unit.files.empty() && !unit.enabled && !unit.running && !unit.masked && unit.restart_on.empty() &&
      unit.reload_on.empty()) {
    spec.error("name", "this says nothing about the unit beyond its name",
               "add content, dropIns, enabled, running, masked, restartOn or reloadOn");
  }
  check_template(spec, unit);
  check_install(spec, unit);
  if (unit.masked == true) check_masked(spec, unit);
  if (systemd::is_instance(unit.name) && unit.defines_unit()) {
    spec.error("content", fmt::format("{} is an instance, which has its template's content", unit.name),
               fmt::format("write it into an object of its own for {}; what only this instance has goes into "
                           "dropIns here",
                           systemd::template_of(unit.name)));
  }
  if (is_agents(unit.name)) check_own_unit(spec, unit);
}

}  // namespace

std::string UnitSpec::unit_path(std::string_view name) {
  return fmt::format("{}/{}", systemd::unit_directory, name);
}

std::vector<std::string> UnitSpec::paths() const {
  std::vector<std::string> paths;
  for (const auto& file : files) paths.push_back(file.path);
  return paths;
}

std::vector<std::string> UnitSpec::declared_aliases() const {
  if (enabled != true || !defines_unit()) return {};
  InstallSection install;
  for (const auto& file : files) read_install_section(file.content, install);
  try {
    return aliases_of(name, install);
  } catch (const Error&) {
    return {};  // enabling it will say why
  }
}

UnitSpec read_unit_spec(const Manifest& manifest, Problems& problems) {
  yaml::Fields spec(manifest.spec(), "SystemdUnit's spec", problems);
  UnitSpec unit;
  unit.name = spec.required_text("name");
  check_name(spec, unit.name);
  if (auto content = spec.text("content")) {
    unit.files.push_back({UnitSpec::unit_path(unit.name), content_of(spec, std::move(*content))});
  }
  read_drop_ins(spec, problems, unit);
  unit.enabled = spec.flag("enabled");
  unit.running = spec.flag("running");
  unit.masked = spec.flag("masked");
  unit.restart_on = read_refs(spec, "restartOn");
  unit.reload_on = read_refs(spec, "reloadOn");
  spec.done();
  if (!unit.name.empty()) check_sense(spec, unit);
  if (manifest.sensitive && !unit.files.empty()) {
    problems.error(manifest.place(),
                   "a unit's files are no place for secrets: everyone on the device can read them",
                   "put what is encrypted into a File, and name that in EnvironmentFile= or LoadCredential=");
  }
  return unit;
}

bool is_unit(const ObjectId& id) {
  return id.kind == "SystemdUnit" && id.api_version == own_api;
}

plan::Footprint unit_footprint(const Host& host, const Manifest& manifest, Problems& problems) {
  const auto spec = read_unit_spec(manifest, problems);
  plan::Footprint footprint;
  footprint.rank = unit_rank;
  footprint.claims.push_back("unit:" + spec.name);
  for (const auto& file : spec.files) {
    footprint.claims.push_back("path:" + file.path);
    for (const auto& parent : parents_of(host, file.path)) {
      const auto claim = "path:" + parent;
      if (std::ranges::find(footprint.after, claim) == footprint.after.end())
        footprint.after.push_back(claim);
    }
  }
  if (!spec.files.empty()) {
    if (const auto refusal = refusal_of(host, spec.files.front().path)) {
      const auto* place = manifest.document.at({"spec", spec.defines_unit() ? "content" : "dropIns"});
      problems.error(place != nullptr ? place->place : manifest.place(), refusal->message, refusal->remedy);
    }
  }
  auto names = spec.declared_aliases();
  names.insert(names.begin(), spec.name);
  if (!spec.files.empty()) footprint.defines = names;
  if (spec.running == true) {
    for (const auto& name : names) {
      for (auto& one : systemd::definition_names(name)) {
        if (!contains(footprint.defined_by, one)) footprint.defined_by.push_back(std::move(one));
      }
    }
    footprint.defined_by.emplace_back(systemd::any_unit);
  }
  footprint.restart_on = spec.restart_on;
  footprint.reload_on = spec.reload_on;
  if (spec.running == true) footprint.watch = unit_health_watch;
  if (spec.running == false) footprint.keeps_down = spec.name;
  return footprint;
}

}  // namespace greenwave::drivers::host
