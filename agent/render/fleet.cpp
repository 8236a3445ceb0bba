#include "render/fleet.h"

#include <algorithm>

#include "base/digest.h"
#include "model/lead.h"
#include "model/paths.h"
#include "render/assemble.h"
#include "render/cluster_file.h"
#include "render/content.h"
#include "render/finish.h"
#include "render/inventory.h"
#include "render/layers.h"
#include "render/object/variables.h"

namespace greenwave::render {

namespace {

/// For kinds that have none as well: it costs nothing there.
const yaml::Node* source_member(const yaml::Node& document) {
  return document.at({"spec", "source"});
}

/// The members that decide which object a manifest declares, and which files are content.
std::vector<const yaml::Node*> structural_members(const yaml::Node& document) {
  return {document.find("apiVersion"), document.find("kind"), document.at({"metadata", "name"}),
          document.at({"metadata", "namespace"}), source_member(document)};
}

Declaration declaration_of(yaml::Node document, Substitution of_layer) {
  Declaration declaration;
  std::set<std::string> structural;
  if (has_substitution(document, of_layer)) {
    add_variables(document, declaration.variables);
    for (const auto* member : structural_members(document)) {
      if (member != nullptr) add_variables(*member, structural);
    }
  }
  if (structural.empty()) {
    Problems said_for_each_device;
    declaration.id = identify(document, said_for_each_device);
  }
  declaration.structural = !declaration.id;
  declaration.digest = sha256(yaml::canonical(document));
  declaration.document = std::move(document);
  return declaration;
}

/// As much of a document as set_content_aside() and held_by_gaps() look at.
yaml::Node outline(const yaml::Node& document) {
  yaml::Node outline{yaml::Node::Map{}, document.place};
  if (const auto* patch = document.find("$patch")) yaml::set(outline, "$patch", *patch);
  const auto* source = source_member(document);
  if (source == nullptr) return outline;
  yaml::Node spec{yaml::Node::Map{}, document.place};
  yaml::set(spec, "source", *source);
  yaml::set(outline, "spec", std::move(spec));
  return outline;
}

std::set<ObjectId> held_by_gaps(std::vector<CollectedLayer> collected) {
  Problems reported_elsewhere;
  std::set<ObjectId> held;
  for (auto& object : assemble(std::move(collected), reported_elsewhere).objects) {
    if (object.held) held.insert(std::move(object.id));
  }
  return held;
}

std::string values_of(const std::vector<std::string>& names, const Variables& variables) {
  std::string values;
  for (const auto& name : names) {
    const auto value = variables.value_of(name);
    values += value ? yaml::canonical(*value) : "?";
    values += '\n';
  }
  return values;
}

}  // namespace

Fleet::Fleet(const SourceTree& tree, const Labels& assumed) : tree_(tree) {
  cluster_ = read_cluster(tree, problems_);
  read_devices(assumed);
  LayerChooser chooser(cluster_, tree_);
  LayerReader reader(cluster_, tree_);
  combination_of_.resize(devices_.size());
  objects_of_.resize(devices_.size());
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const Variables variables(cluster_, devices_[i]);
    Problems found;
    std::vector<std::uint32_t> layers;
    for (const auto& chosen : chooser.choose(devices_[i], variables, found)) {
      layers.push_back(layer_index(reader, chosen));
    }
    for (const auto& problem : found.list()) device_problems_.emplace_back(i, problem);
    combination_of_[i] = combine(std::move(layers), i);
    auto& objects = objects_of_[i];
    objects.reserve(combinations_[combination_of_[i]].chains.size());
    for (const auto& [id, chain] : combinations_[combination_of_[i]].chains) {
      objects.push_back(variant_index(id, chain, i));
    }
  }
}

void Fleet::read_devices(const Labels& assumed) {
  if (cluster_.devices.empty()) {
    Device any;
    any.id = "any-device";
    any.properties = yaml::Node{yaml::Node::Map{}, {}};
    devices_.push_back(std::move(any));
  } else {
    for (auto& listed : list_devices(read_inventory(cluster_, tree_), cluster_.devices, problems_)) {
      problems_.append(listed.problems);
      devices_.push_back(std::move(listed.device));
      feature_problems_.push_back(std::move(listed.problems));
    }
  }
  feature_problems_.resize(devices_.size());
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    devices_[i].labels.insert(assumed.begin(), assumed.end());
    numbers_.emplace(devices_[i].id, i);
  }
}

std::optional<std::size_t> Fleet::device(const std::string& id) const {
  const auto found = numbers_.find(id);
  if (found == numbers_.end()) return {};
  return found->second;
}

bool Fleet::complete(std::size_t device) const {
  const auto& combination = combinations_[combination_of_[device]];
  return combination.complete;
}

std::uint32_t Fleet::layer_index(LayerReader& reader, const ChosenLayer& chosen) {
  const auto next = static_cast<std::uint32_t>(layers_.size());
  const auto [at, is_new] =
      layer_numbers_.try_emplace({chosen.path, chosen.known, chosen.substitution}, next);
  if (!is_new) return at->second;
  auto& layer = layers_.emplace_back();
  layer.read = reader.read(chosen, layer.problems);
  reader.forget();
  layer.complete = layer.read.layer.known;
  for (auto& file : layer.read.files) {
    auto& declarations = layer.declarations.emplace_back();
    for (auto& document : file.documents) {
      declarations.push_back(declaration_of(std::move(document), chosen.substitution));
      const auto& added = declarations.back();
      if (added.structural) layer.structural.insert(added.variables.begin(), added.variables.end());
    }
    file.documents.clear();
    layer.problems.append(file.problems);
  }
  return next;
}

std::uint32_t Fleet::combine(std::vector<std::uint32_t> layers, std::size_t device) {
  std::set<std::string> structural;
  std::string key;
  for (const auto layer : layers) {
    key += std::to_string(layer) + '/';
    structural.insert(layers_[layer].structural.begin(), layers_[layer].structural.end());
  }
  key += values_of({structural.begin(), structural.end()}, Variables(cluster_, devices_[device]));
  const auto next = static_cast<std::uint32_t>(combinations_.size());
  const auto [at, is_new] = combination_numbers_.try_emplace(std::move(key), next);
  if (is_new) combinations_.push_back(combination(std::move(layers), device));
  return at->second;
}

Combination Fleet::combination(std::vector<std::uint32_t> layers, std::size_t device) {
  const Variables variables(cluster_, devices_[device]);
  Combination combination;
  std::vector<CollectedLayer> collected;
  std::vector<std::vector<std::vector<std::uint32_t>>> origins;  // declarations by layer, file and object
  for (const auto number : layers) {
    const auto& layer = layers_[number];
    combination.complete = combination.complete && layer.complete;
    auto& added = collected.emplace_back(CollectedLayer{layer.read.layer, {}});
    auto& origin = origins.emplace_back();
    for (std::size_t f = 0; f < layer.read.files.size(); ++f) {
      auto& file = added.files.emplace_back();
      file.path = layer.read.files[f].path;
      file.top = layer.read.files[f].top;
      file.complete = layer.read.files[f].complete;
      auto& objects = origin.emplace_back();
      for (std::uint32_t d = 0; d < layer.declarations[f].size(); ++d) {
        const auto& declaration = layer.declarations[f][d];
        const auto before = file.objects.size();
        if (declaration.structural) {
          declare(declaration.document, variables, layer.read.layer.substitution, file);
        } else if (declaration.id) {
          file.objects.push_back({*declaration.id, outline(declaration.document), false});
        }
        if (file.objects.size() > before) objects.push_back(d);
      }
    }
  }
  set_content_aside(collected, tree_);

  std::unordered_map<std::uint32_t, std::vector<Link>> chains;
  for (std::uint32_t l = 0; l < collected.size(); ++l) {
    std::uint32_t f = 0;
    for (const auto& file : collected[l].files) {
      while (layers_[layers[l]].read.files[f].path != file.path) ++f;  // some were set aside
      combination.problems.append(file.problems);
      combination.complete = combination.complete && file.complete;
      for (std::size_t i = 0; i < file.objects.size(); ++i) {
        const auto& object = file.objects[i];
        chains[id_index(object.id)].push_back({layers[l], f, origins[l][f][i], l, object.refused});
      }
    }
  }
  for (auto& [id, links] : chains) combination.chains.emplace_back(id, chain_index(id, std::move(links)));
  std::sort(combination.chains.begin(), combination.chains.end(),
            [this](const auto& a, const auto& b) { return ids_[a.first] < ids_[b.first]; });
  combination.layers = std::move(layers);
  if (!combination.complete) combination.held = held_by_gaps(std::move(collected));
  return combination;
}

std::uint32_t Fleet::id_index(const ObjectId& id) {
  const auto [at, is_new] = id_numbers_.try_emplace(id, static_cast<std::uint32_t>(ids_.size()));
  if (is_new) ids_.push_back(id);
  return at->second;
}

std::uint32_t Fleet::chain_index(std::uint32_t id, std::vector<Link> links) {
  // Only which declarations are of one layer counts, not how many layers lie between.
  std::uint32_t step = 0;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const auto was = links[i].step;
    links[i].step = step;
    if (i + 1 < links.size() && links[i + 1].step != was) ++step;
  }
  const auto next = static_cast<std::uint32_t>(chains_.size());
  const auto [at, is_new] = chain_numbers_.try_emplace({id, links}, next);
  if (!is_new) return at->second;
  auto& chain = chains_.emplace_back();
  std::set<std::string> names;
  Hasher hasher;
  for (const auto& link : links) {
    const auto& declared = declaration(link);
    names.insert(declared.variables.begin(), declared.variables.end());
    hasher.add_field(to_hex(declared.digest)).add_field(std::to_string(link.step));
    hasher.add_field(link.refused ? "refused" : "");
  }
  chain.digest = hasher.finish();
  chain.variables.assign(names.begin(), names.end());
  chain.links = std::move(links);
  return next;
}

std::uint32_t Fleet::variant_index(std::uint32_t id, std::uint32_t number, std::size_t device) {
  auto& chain = chains_[number];
  const auto values = values_of(chain.variables, Variables(cluster_, devices_[device]));
  const auto next = static_cast<std::uint32_t>(variants_.size());
  const auto [at, is_new] = chain.variants.try_emplace(values, next);
  if (!is_new) return at->second;
  Hasher hasher;
  hasher.add_field(to_hex(chain.digest)).add_field(values);
  add_source_oids(chain, device, hasher);
  variants_.push_back({id, number, static_cast<std::uint32_t>(device), hasher.finish()});
  return next;
}

void Fleet::add_source_oids(const Chain& chain, std::size_t device, Hasher& hasher) const {
  for (const auto& link : chain.links) {
    const auto* source = source_member(declaration(link).document);
    if (source == nullptr || source->string() == nullptr) continue;
    Problems unsaid;
    const bool replaced =
        has_substitution(declaration(link).document, layers_[link.layer].read.layer.substitution);
    const auto written =
        replaced
            ? Variables(cluster_, devices_[device]).replace_in_text(*source->string(), source->place, unsaid)
            : *source->string();
    const auto path = written ? normal_path(*written) : std::nullopt;
    const auto item = path ? follow(tree_, *path).item : std::nullopt;
    hasher.add_field(item ? item->oid : "");
  }
}

FleetObject Fleet::render(const Variant& variant) const {
  const auto& chain = chains_[variant.chain];
  const Variables variables(cluster_, devices_[variant.device]);
  FleetObject object;
  std::vector<CollectedLayer> layers;
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    const auto& link = chain.links[i];
    if (i == 0 || chain.links[i - 1].step != link.step) layers.push_back({});
    auto& file = layers.back().files.emplace_back();
    declare(declaration(link).document, variables, layers_[link.layer].read.layer.substitution, file);
    for (auto& declared : file.objects) declared.refused = declared.refused || link.refused;
  }
  auto assembly = assemble(std::move(layers), object.problems);
  for (auto& assembled : assembly.objects) {
    object.manifest = manifest_of(std::move(assembled), tree_, "", object.problems);
  }
  return object;
}

std::vector<std::pair<std::uint32_t, const Declaration*>> Fleet::declarations_of(
    const Variant& variant) const {
  std::vector<std::pair<std::uint32_t, const Declaration*>> declarations;
  for (const auto& link : chains_[variant.chain].links) {
    declarations.emplace_back(link.layer, &declaration(link));
  }
  return declarations;
}

}  // namespace greenwave::render
