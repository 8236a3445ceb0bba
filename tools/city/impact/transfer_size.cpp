#include "impact/transfer_size.h"

#include <zlib.h>

#include "base/error.h"
#include "model/manifest.h"
#include "model/paths.h"
#include "render/cluster_file.h"
#include "render/layers.h"

namespace greenwave::city {

namespace {

constexpr std::uint64_t entry_header = 3;     // type and size of an object in a pack: gitformat-pack(5)
constexpr std::uint64_t entry_overhead = 28;  // mode, blank, zero byte and name of an item of a tree

std::uint64_t compressed(const std::string& bytes) {
  auto size = ::compressBound(bytes.size());
  std::string out(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                 bytes.size()) != Z_OK) {
    return bytes.size();
  }
  return size + entry_header;
}

}  // namespace

TransferSize::TransferSize(const render::Fleet& base, const render::Fleet& head)
    : base_(base), head_(head), base_common_(common(base)), head_common_(common(head)) {}

void TransferSize::add_blob(const render::Fleet& fleet, const std::string& path, const SourceTree::Item& item,
                            Objects& objects) {
  const auto [at, is_new] = objects.try_emplace(item.oid, 0);
  if (!is_new) return;
  try {
    at->second = compressed(fleet.tree().read(path, largest_source));
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
  }
}

void TransferSize::add_tree(const render::Fleet& fleet, const std::string& path, bool whole,
                            Objects& objects) {
  const auto item = fleet.tree().find(path);
  if (!item) return;
  if (item->type != SourceTree::Type::directory) return add_blob(fleet, path, *item, objects);
  const auto items = fleet.tree().list(path);
  std::uint64_t size = entry_header;
  for (const auto& inner : items) size += inner.name.size() + entry_overhead;
  objects.try_emplace(item->oid, size);
  for (const auto& inner : items) {
    const auto inside = join_path(path, inner.name);
    if (inner.type == SourceTree::Type::directory) {
      if (whole || !render::is_layer_directory(fleet.cluster(), inside))
        add_tree(fleet, inside, whole, objects);
    } else if (inner.type != SourceTree::Type::other) {
      add_blob(fleet, inside, inner, objects);
    }
  }
}

/// What every device reads.
TransferSize::Objects TransferSize::common(const render::Fleet& fleet) {
  Objects objects;
  std::vector<std::string> paths{render::cluster_file};
  if (!fleet.cluster().devices.empty()) paths.push_back(fleet.cluster().devices);
  for (const auto& layer : fleet.cluster().layers) {
    if (!layer.within.empty()) paths.push_back(layer.within);
  }
  for (const auto& path : paths) {
    if (const auto item = fleet.tree().find(path)) add_blob(fleet, path, *item, objects);
  }
  return objects;
}

const TransferSize::Objects& TransferSize::layer(const render::Fleet& fleet, std::uint32_t number,
                                                 std::map<std::uint32_t, Objects>& known) {
  const auto [at, is_new] = known.try_emplace(number);
  if (is_new) add_tree(fleet, fleet.layers()[number].read.layer.path, false, at->second);
  return at->second;
}

std::uint64_t TransferSize::bytes(std::size_t base_device, std::size_t head_device) {
  const auto was = base_.combination_of(base_device);
  const auto is = head_.combination_of(head_device);
  const auto [at, is_new] = known_.try_emplace({was, is}, 0);
  auto& total = at->second;
  if (!is_new) return total;
  std::vector<const Objects*> had{&base_common_};
  for (const auto number : base_.combinations()[was].layers)
    had.push_back(&layer(base_, number, base_layers_));
  std::unordered_set<std::string_view> counted;
  const auto count = [&](const Objects& objects) {
    for (const auto& [oid, size] : objects) {
      bool has = false;
      for (const auto* there : had) has = has || there->contains(oid);
      if (!has && counted.insert(oid).second) total += size;
    }
  };
  count(head_common_);
  for (const auto number : head_.combinations()[is].layers) count(layer(head_, number, head_layers_));
  return total;
}

std::uint64_t TransferSize::source_bytes(const std::string& base, const std::string& head) {
  Objects had;
  Objects needed;
  if (!base.empty()) add_tree(base_, base, true, had);
  add_tree(head_, head, true, needed);
  std::uint64_t bytes = 0;
  for (const auto& [oid, size] : needed) bytes += had.contains(oid) ? 0 : size;
  return bytes;
}

}  // namespace greenwave::city
