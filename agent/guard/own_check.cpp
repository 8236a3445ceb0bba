#include "guard/own_check.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/host/directory_tree.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/packages/package_spec.h"
#include "drivers/host/unit_spec.h"
#include "git/trust.h"
#include "guard/unit_inputs.h"
#include "plan/places.h"
#include "systemd/unit_text.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;
namespace host = drivers::host;

struct WrittenFile {
  std::string path;
  std::string content;
  SourceTree::Type type = SourceTree::Type::file;  ///< `executable` where its mode lets it run
};
using Written = std::vector<WrittenFile>;

SourceTree::Type type_of(mode_t mode) {
  return (mode & 0111) != 0 ? SourceTree::Type::executable : SourceTree::Type::file;
}

Written written_by_directory(const host::Host& device, const plan::Desired& one, const OwnCheckInput& input) {
  Problems none;
  const auto spec = host::read_directory_spec(device, one.manifest, none);
  Written written;
  if (!spec.has_source) return written;
  const auto& source = one.manifest.source->path;
  for (const auto& item : host::read_tree(input.tree, source)) {
    const auto path = spec.path + "/" + item.name;
    if (item.type == SourceTree::Type::directory || !input.files.part_at(path)) continue;
    const auto from = source.empty() ? item.name : source + "/" + item.name;
    const auto type = item.type == SourceTree::Type::file ? type_of(spec.file_mode) : item.type;
    written.push_back({path, host::item_content(input.tree, from), type});
  }
  return written;
}

/// What the object writes to files of the agent's own. Its manifest has passed its driver's checks.
Written written_by(const plan::Desired& one, const OwnCheckInput& input) {
  const host::Host device{.root = input.config.root, .allowed_paths = input.config.allowed_paths};
  const auto& manifest = one.manifest;
  if (manifest.id.kind == "Directory") return written_by_directory(device, one, input);
  Problems none;
  if (host::is_unit(manifest.id)) {
    Written written;
    for (auto& file : host::read_unit_spec(manifest, none).files) {
      written.push_back({std::move(file.path), std::move(file.content)});
    }
    return written;
  }
  if (manifest.id.kind != "File") return {};
  const auto spec = host::read_file_spec(device, manifest, none);
  return {{spec.path, host::content_of(spec, manifest, input.tree), type_of(spec.mode)}};
}

std::string without_place(const Problem& problem) {
  return fmt::format("line {}, column {}: {}{}{}", problem.place.line, problem.place.column, problem.message,
                     problem.remedy.empty() ? "" : "; ", problem.remedy);
}

/// The program of a command line in systemd's syntax, or nothing where only systemd can say.
std::string program_of(std::string_view command) {
  command = trim(command);
  command.remove_prefix(std::min(command.find_first_not_of("@-:+!|"), command.size()));
  const bool quoted = command.starts_with('"') || command.starts_with('\'');
  const auto end = quoted ? command.find(command.front(), 1) : command.find_first_of(" \t");
  auto program = std::string(command.substr(quoted ? 1 : 0, quoted ? end - 1 : end));
  return program.find('%') == std::string::npos && program.starts_with('/') ? program : "";
}

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

class OwnCheck {
 public:
  OwnCheck(std::span<const plan::Desired> desired, const OwnCheckInput& input)
      : input_(input),
        desired_(desired),
        configuration_{.path = fs::absolute(input.config.file).lexically_normal()} {}

  /// Why the agent could not start with what the object writes; empty: nothing is seen. Programs are not
  /// looked at.
  std::string why_not(const plan::Desired& one) {
    if (changes_own_package(one.footprint.claims)) return why_no_package(one);
    for (const auto& [path, content, type] : written_by(one, input_)) {
      const auto part = input_.files.part_at(path);
      if (!part || part == Part::program) continue;
      const auto why = wrong_with(*part, content, one.manifest.sensitive);
      if (auto words = refusal(path, content, why); !words.empty()) return words;
      if (path == configuration_.path) {
        configuration_.text = content;
        configuration_.is_secret = one.manifest.sensitive;
      }
    }
    return {};
  }

  /// The same of programs alone, once the other objects were looked at: the configuration to come is known.
  std::string why_no_program(const plan::Desired& one) {
    for (const auto& file : written_by(one, input_)) {
      if (input_.files.part_at(file.path) != Part::program) continue;
      if (auto words = refusal(file.path, file.content, wrong_program(file)); !words.empty()) return words;
    }
    return {};
  }

 private:
  std::string refusal(const std::string& path, const std::string& content, std::string why) const {
    if (why.empty() && has_failed(path, content)) {
      why = "the agent did not come back when it had this before; change it, or run greenwave sync --force";
    }
    return why.empty() ? why : fmt::format("{} is not written: {}", path, why);
  }

  std::string why_no_package(const plan::Desired& one) const {
    Problems none;
    const auto spec = host::read_package_spec({}, one.manifest, none);
    if (!has_failed(std::string(host::own_package), spec.version)) return {};
    return fmt::format(
        "{} {} is not installed: the agent did not come back with it before; take another version, or "
        "run greenwave sync --force",
        host::own_package, spec.version);
  }

  bool has_failed(const std::string& path, const std::string& content) const {
    const auto found = input_.failed.find(path);
    return found != input_.failed.end() && found->second.contains(sha256(content));
  }

  std::string wrong_with(Part part, const std::string& content, bool is_secret) {
    try {
      switch (part) {
        case Part::configuration:
          return wrong_configuration(content, is_secret);
        case Part::trust:
          git::Trust(content, input_.config.allowed_signers.native());
          return {};
        case Part::unit:
          if (trim(content).empty()) return "an empty unit file masks the unit";
          return wrong_start(content, [this](const std::string& path) { return comes(path); });
        case Part::identity:
        case Part::guard:
        case Part::boot:
        case Part::state:
        case Part::runtime:
          return fmt::format("no manifest may change {}", config::in_words(part));
        case Part::images:
        case Part::program:
          return {};
        case Part::named:
          return content.empty() ? "it is empty" : "";
      }
    } catch (const Error& error) {
      return is_secret ? "the agent cannot read it" : error.what();
    }
    return {};
  }

  std::string wrong_configuration(const std::string& content, bool is_secret) {
    const auto comes_with_it = [this](const fs::path& path) { return comes(path.native()); };
    const auto problems = config::check_text(content, input_.config, comes_with_it);
    for (const auto& problem : problems.list()) {
      if (problem.severity == Severity::warning) continue;
      return is_secret ? fmt::format("line {} is wrong", problem.place.line) : without_place(problem);
    }
    return {};
  }

  std::string wrong_program(const WrittenFile& file) {
    if (file.content.empty()) return "it is empty";
    if (file.type == SourceTree::Type::link) {
      const auto there = (fs::path(file.path).parent_path() / file.content).lexically_normal();
      if (comes(there.native()) || is_program(there.native())) return {};
      return fmt::format("it leads to {}, which is not a program on this device", there.native());
    }
    if (file.type != SourceTree::Type::executable) return R"(nobody may run it; write mode: "0755")";
    try {
      return input_.candidates.why_not({file.path, file.content}, configuration_, input_.heartbeat);
    } catch (const Error& error) {
      return fmt::format("it cannot be tried before: {}", error.what());
    }
  }

  bool comes(const std::string& path) {
    if (claims_.empty()) {
      for (const auto& one : desired_)
        claims_.insert(one.footprint.claims.begin(), one.footprint.claims.end());
    }
    return claims_.contains(std::string(plan::path_claim) + path);
  }

  const OwnCheckInput& input_;
  const std::span<const plan::Desired> desired_;
  ConfigurationToCome configuration_;
  std::set<std::string> claims_;
};

}  // namespace

std::vector<ObjectId> refuse_unusable(std::span<const plan::Desired> desired, const OwnCheckInput& input,
                                      Problems& problems) {
  OwnCheck check(desired, input);
  std::vector<ObjectId> refused;
  for (const auto look : {&OwnCheck::why_not, &OwnCheck::why_no_program}) {
    for (const auto& one : desired) {
      if (input.files.claimed_by(one.footprint.claims).empty()) continue;
      std::string why;
      try {
        why = (check.*look)(one);
      } catch (const Error&) {
        continue;  // its driver says what is wrong with the source
      }
      if (why.empty() || contains(refused, one.manifest.id)) continue;
      problems.error(one.manifest.place(), fmt::format("{}: {}", to_string(one.manifest.id), why));
      refused.push_back(one.manifest.id);
    }
  }
  return refused;
}

std::string wrong_start(std::string_view unit_file, const std::function<bool(const std::string&)>& comes) {
  for (const auto& line : systemd::unit_lines(unit_file)) {
    if (line.key != "ExecStart") continue;
    const auto program = program_of(line.value);
    if (program.empty() || comes(program)) continue;
    if (!is_program(program)) {
      return fmt::format("ExecStart names {}, which is not a program on this device", program);
    }
  }
  for (const auto& input : inputs_of(unit_file)) {
    if (!input.needed || comes(input.path) || ::access(input.path.c_str(), F_OK) == 0) continue;
    return fmt::format("{} names {}, which is not on this device", input.setting, input.path);
  }
  return {};
}

}  // namespace greenwave::guard
