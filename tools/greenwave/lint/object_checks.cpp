#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "config/own_paths.h"
#include "drivers/host/directory_tree.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/packages/deb_file.h"
#include "drivers/podman/pod_fields.h"
#include "drivers/workload/cron_job.h"
#include "judge/judge.h"
#include "kinds/table.h"
#include "lint/checks.h"
#include "lint/unit_verifier.h"
#include "model/paths.h"
#include "model/repository_file.h"
#include "render/cluster_file.h"
#include "secrets/encrypted_file.h"
#include "secrets/sops_file.h"
#include "sync/check.h"
#include "sync/planning.h"
#include "sync/unserved.h"

namespace greenwave::cli {

namespace {

/// The part of an object that the plan reads. Objects with equal parts are planned once.
struct Shape {
  plan::Desired desired;
  bool refused = false;
};

std::string key_of(const Shape& shape) {
  const auto& [manifest, footprint] = shape.desired;
  auto key = fmt::format("{}\n{}\n{}\n{}\n", manifest.id.api_version, to_string(manifest.id), footprint.rank,
                         shape.refused);
  for (const auto* claims :
       {&footprint.claims, &footprint.after, &footprint.purges, &footprint.defines, &footprint.defined_by}) {
    for (const auto& claim : *claims) key += claim + "\n";
    key += "\n";
  }
  for (const auto& mount : footprint.mounts) {
    key += fmt::format("{} {} {}\n", mount.path, mount.writable, to_string(mount.place));
  }
  if (manifest.source) key += manifest.source->path + "\n";
  key += footprint.keeps_down + "\n";
  if (const auto& up = footprint.expects_up) key += up->unit + "\n" + to_string(up->place) + "\n";
  return key + to_string(manifest.place()) + "\n" + yaml::canonical(manifest.document);
}

/// What is wrong with a source; an empty message: nothing.
struct Wrong {
  std::string message;
  std::string remedy;
};

/// A text in a manifest that only stands for the content that is meant.
std::optional<Wrong> not_content(const std::string& text) {
  constexpr auto encrypt =
      "encrypt the manifest by sops, or put the content into a file, and make that the source";
  if (is_lfs_pointer(text)) {
    return Wrong{"the content is a pointer of Git LFS: devices would get these three lines",
                 "write the content itself, or name a file in source"};
  }
  switch (secrets::sealing_of(text)) {
    case secrets::Sealing::none:
      return {};
    case secrets::Sealing::age:
      return Wrong{"the content is encrypted by age, and devices would get it as it is", encrypt};
    case secrets::Sealing::sops:
      return Wrong{"the content is encrypted by SOPS, and devices would get it as it is", encrypt};
  }
  return {};
}

class ObjectChecks {
 public:
  ObjectChecks(const render::Fleet& fleet, const city::RuntimeKinds& kinds, LintFindings& findings)
      : fleet_(fleet), kinds_(kinds), findings_(findings) {
    for (const auto& device : fleet.devices()) {
      lacks_systemd_.push_back(render::lacks_systemd(device));
      runtimes_.push_back(render::runtime_of(fleet.cluster(), device));
    }
  }

  void check_variants() {
    for (const auto& [read, devices] : devices_of_variants()) {
      const auto& [variant, kinds] = read;
      auto judged = city::judge(fleet_, fleet_.variants()[variant], *kinds);
      Problems content;  // that devices take as it is, and that does not work then
      if (judged.desired) {
        check_source(judged.desired->manifest, content);
        check_items(judged.desired->manifest, content);
        check_package(judged.desired->manifest, content);
        check_content(judged.desired->manifest, content);
        check_unit(judged.desired->manifest, content);
        verifier_.check(judged.desired->manifest, content);
        check_runtimes(judged.desired->manifest, devices);
        note_fields(judged.desired->manifest, *kinds, devices);
      }
      if (judged.desired || judged.refused) {
        Shape shape;
        shape.refused = judged.refused;
        if (judged.desired) shape.desired = city::outline_of(*judged.desired);
        shape.desired.manifest.id = fleet_.id(fleet_.variants()[variant]);
        shape_of_.emplace(read, shape_index(std::move(shape)));
      }
      findings_.add("object", judged.object, devices);
      findings_.add("spec", judged.spec, devices);
      findings_.add("content", content, devices);
    }
  }

  std::set<std::string> sources() const {
    std::set<std::string> paths;
    for (const auto& [path, wrong] : sources_) paths.insert(path);
    return paths;
  }

  void check_devices() {
    std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> alike;
    for (std::uint32_t device = 0; device < fleet_.devices().size(); ++device) {
      std::vector<std::uint32_t> shapes;
      for (const auto variant : fleet_.objects_of(device)) {
        const auto shape = shape_of_.find({variant, &kinds_.of(runtimes_[device])});
        if (shape != shape_of_.end()) shapes.push_back(shape->second);
      }
      alike[std::move(shapes)].push_back(device);
    }
    for (const auto& [shapes, devices] : alike) {
      sync::Checked checked;
      for (const auto number : shapes) {
        const auto& shape = shapes_[number];
        if (shape.refused) {
          checked.refused.push_back(shape.desired.manifest.id);
        } else {
          checked.desired.push_back(shape.desired);
        }
      }
      sync::refuse_hopeless(checked);
      plan::Input input;
      input.desired = checked.desired;
      input.refused = checked.refused;
      input.tree = &fleet_.tree();
      checked.problems.append(sync::plan_render(std::move(input), {}, true).problems);
      findings_.add("plan", checked.problems, devices);
    }
  }

 private:
  /// A variant, and the kinds that it is read by.
  using Read = std::pair<std::uint32_t, const drivers::Kinds*>;

  std::map<Read, std::vector<std::uint32_t>> devices_of_variants() const {
    std::map<Read, std::vector<std::uint32_t>> devices;
    for (std::uint32_t device = 0; device < fleet_.devices().size(); ++device) {
      const auto* kinds = &kinds_.of(runtimes_[device]);
      for (const auto variant : fleet_.objects_of(device)) devices[{variant, kinds}].push_back(device);
    }
    return devices;
  }

  /// What a device cannot run is known where the repository says which runtime it has.
  void check_runtimes(const Manifest& manifest, const std::vector<std::uint32_t>& devices) {
    std::vector<std::uint32_t> unable;
    for (const auto device : devices) {
      if (!kinds::is_served(manifest.id, runtimes_[device])) unable.push_back(device);
    }
    if (!unable.empty()) {
      Problems problems;
      sync::report_unserved(manifest, problems);
      findings_.add("runtime", problems, unable);
    }
    check_timers(manifest, devices);
  }

  void check_timers(const Manifest& manifest, const std::vector<std::uint32_t>& devices) {
    if (!drivers::workload::is_cron_job(manifest.id)) return;
    std::vector<std::uint32_t> unable;
    for (const auto device : devices) {
      if (runtimes_[device] == "podman" && lacks_systemd_[device]) unable.push_back(device);
    }
    if (unable.empty()) return;
    Problems problems;
    problems.error(
        manifest.place(),
        fmt::format("{} becomes a timer of systemd, which is not on these devices", to_string(manifest.id)),
        "leave it out there by a selector, or run a Deployment that sleeps between its runs");
    findings_.add("runtime", problems, unable);
  }

  /// What podman has nothing for is no mistake, and devices do not tell it.
  void note_fields(const Manifest& manifest, const drivers::Kinds& kinds,
                   const std::vector<std::uint32_t>& devices) {
    if (&kinds != &kinds_.of("podman")) return;
    Problems notes;
    drivers::podman::note_fields(manifest, notes);
    findings_.add("field", notes, devices);
  }

  /// Reads each source once, however many objects name it. A device would only find out when it applies it.
  void check_source(const Manifest& manifest, Problems& problems) {
    if (!manifest.source) return;
    const auto [at, is_new] = sources_.try_emplace(manifest.source->path);
    if (is_new) read_source(manifest.source->path, manifest.source->is_directory, 0, at->second);
    if (at->second.message.empty()) return;
    problems.error(manifest.document.at({"spec", "source"})->place, at->second.message, at->second.remedy);
  }

  /// What a Directory would put where the agent is.
  void check_items(const Manifest& manifest, Problems& problems) const {
    if (manifest.id.api_version != own_api || manifest.id.kind != "Directory") return;
    if (!manifest.source || !manifest.source->is_directory) return;
    const auto* path = manifest.spec().find("path")->string();
    if (own_below(own_, *path) == nullptr) return;
    try {
      for (const auto& item : drivers::host::read_tree(fleet_.tree(), manifest.source->path)) {
        const auto* own = own_at(own_, *path + "/" + item.name);
        if (own == nullptr || may_change(own->part)) continue;
        problems.error(manifest.document.at({"spec", "source"})->place,
                       fmt::format("{} in it takes the place of {} ({}), which no manifest may change",
                                   printable(item.name), in_words(own->part), own->path),
                       "take it out of the source");
      }
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;  // the rest is said of the source
    }
  }

  /// A .deb that is not the one that its Package means, where dpkg-deb is there to read it.
  void check_package(const Manifest& manifest, Problems& problems) {
    namespace host = drivers::host;
    const auto& source = manifest.source;
    if (!host::is_package(manifest.id) || !source || source->is_directory || !reads_debs_) return;
    Problems said;
    const auto spec = host::read_package_spec({}, manifest, said);
    if (said.has_errors()) return;
    try {
      host::refuse_other_deb(spec, source->path, debs_.at(fleet_.tree(), *source));
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      problems.error(manifest.document.at({"spec", "source"})->place, error.message(), error.remedy());
    }
  }

  static void check_content(const Manifest& manifest, Problems& problems) {
    const auto* content = manifest.spec().find("content");
    const auto* text = content != nullptr && !content->place.secret ? content->string() : nullptr;
    if (text == nullptr) return;
    if (const auto wrong = not_content(*text)) {
      problems.error(content->place, wrong->message, wrong->remedy);
    }
  }

  void read_file_source(const std::string& path, Wrong& wrong) const {
    const auto bytes = fleet_.tree().read(path, largest_source);
    const bool is_opened =
        bytes.size() <= secrets::largest_sops_file && secrets::sealing_of(bytes) == secrets::Sealing::sops;
    if (!is_opened) {
      drivers::host::file_content(fleet_.tree(), path);
    } else if (secrets::sops_file_recipients(path, bytes).empty()) {
      wrong = {fmt::format("{} is encrypted by SOPS for no age recipient, and no device can open it",
                           printable(path)),
               "add the output of greenwave recipients to .sops.yaml, and run sops updatekeys"};
    }
  }

  void read_source(const std::string& path, bool is_directory, std::size_t depth, Wrong& wrong) const {
    constexpr std::size_t most_depth = 64;
    if (is_directory && depth < most_depth) {
      for (const auto& item : fleet_.tree().list(path)) {
        if (item.type == SourceTree::Type::link) continue;  // it is one on the device too
        if (item.type == SourceTree::Type::other) {
          wrong = {fmt::format("{} is a submodule, which is not read", printable(join_path(path, item.name))),
                   "commit its files themselves"};
          continue;
        }
        read_source(join_path(path, item.name), item.type == SourceTree::Type::directory, depth + 1, wrong);
      }
      return;
    }
    const auto& tree = fleet_.tree();
    const bool is_part = depth > 0;
    try {
      if (!is_part && path.ends_with(encrypted_ending)) {
        return secrets::check_encrypted(path, tree.read(path, largest_source));
      }
      if (is_part) {
        drivers::host::item_content(tree, path);
      } else {
        read_file_source(path, wrong);
      }
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      wrong = {error.message(),
               error.remedy().empty()
                   ? "keep large files outside of the repository, and fetch them with a Command"
                   : error.remedy()};
    }
  }

  std::uint32_t shape_index(Shape shape) {
    const auto next = static_cast<std::uint32_t>(shapes_.size());
    const auto [at, is_new] = shape_numbers_.try_emplace(sha256(key_of(shape)), next);
    if (is_new) shapes_.push_back(std::move(shape));
    return at->second;
  }

  const render::Fleet& fleet_;
  drivers::host::DebFiles debs_;
  const bool reads_debs_ = ::access("/usr/bin/dpkg-deb", X_OK) == 0;
  const city::RuntimeKinds& kinds_;
  LintFindings& findings_;
  std::map<Read, std::uint32_t> shape_of_;
  std::vector<Shape> shapes_;
  std::map<Digest, std::uint32_t> shape_numbers_;
  std::vector<bool> lacks_systemd_;    ///< each device, as far as the repository says
  std::vector<std::string> runtimes_;  ///< of each device, as far as the repository says
  const config::OwnPaths own_ = own_paths(config::Config{}, "");
  UnitVerifier verifier_;
  std::map<std::string, Wrong> sources_;  ///< by path: what is wrong with it
};

}  // namespace

std::set<std::string> check_objects(const render::Fleet& fleet, const city::RuntimeKinds& kinds,
                                    LintFindings& findings) {
  ObjectChecks checks(fleet, kinds, findings);
  checks.check_variants();
  checks.check_devices();
  return checks.sources();
}

}  // namespace greenwave::cli
