#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/host/confined.h"
#include "drivers/kinds.h"
#include "drivers/transition.h"
#include "drivers/workload/workload.h"

/// Which kinds there are, and what serves each.
namespace greenwave::kinds {

/// A driver that serves kinds of the table, in the order in which they are asked. Kubernetes is not among
/// them: it serves whatever is not Greenwave's own.
enum class Server { files, units, packages, commands, checks, pods, cron_jobs };

/// What a device lets its manifests have.
struct Rules {
  drivers::host::Host host;
  drivers::workload::Rules pods;
};

struct Kind {
  std::string_view api_version;
  std::string_view name;
  Server server;
  std::string_view schema;  ///< its file in manifests/schema; empty: the kind and its schema are Kubernetes'
  plan::Footprint (*footprint)(const Rules& rules, const Manifest& manifest, Problems& problems);
  drivers::Transition (*transition)(const drivers::Declared* was, const drivers::Declared& is);
};

std::span<const Kind> table();

/// Of an object of any kind; `was` is null for one that the device does not have yet.
drivers::Transition transition(const drivers::Declared* was, const drivers::Declared& is);

/// "File, Directory, …": those of `own_api`.
std::vector<std::string> own_names();

/// Whether the table has it.
bool is_known(const ObjectId& id);

/// Whether no runtime can serve it: a kind of Greenwave's or of Kubernetes' that there is not, or Greenwave's
/// name misspelt.
bool is_served_nowhere(const ObjectId& id);

/// Whether a device with that runtime ("none", "podman", "kubernetes") serves it; with "": whether any does.
bool is_served(const ObjectId& id, std::string_view runtime);

/// What a manifest that is not in the table probably means.
struct Correction {
  std::string_view field;  ///< "apiVersion", "kind"
  std::string word;
};
std::optional<Correction> correction(const ObjectId& id);

/// Some kinds of the table, on one device.
class TableKinds : public drivers::Kinds {
 public:
  TableKinds(Rules rules, Server server);
  /// All of Greenwave's own, to judge manifests by where there is no device, or by what `config` says of one.
  static TableKinds own(const std::vector<std::string>& allowed_paths, const config::Config& config = {});
  /// The same with the kinds that a device with podman serves.
  static TableKinds with_podman(Rules rules);

  bool serves(const ObjectId& id) const override { return find(id) != nullptr; }
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;

 private:
  explicit TableKinds(Rules rules) : rules_(std::move(rules)) {}
  const Kind* find(const ObjectId& id) const;

  Rules rules_;
  std::vector<const Kind*> kinds_;
};

}  // namespace greenwave::kinds
