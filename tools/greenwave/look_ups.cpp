#include "look_ups.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "city/disk_tree.h"
#include "context/context.h"
#include "git/repository.h"
#include "last_state.h"
#include "render/cluster_file.h"
#include "render/inventory.h"
#include "schema/field.h"

namespace greenwave::cli {

namespace {

using Words = std::vector<std::string>;

/// What is typed should be answered while a finger is still on the key.
constexpr Timeouts patience{.connect = std::chrono::milliseconds(500),
                            .reply = std::chrono::milliseconds(500)};

std::string given(const Begun& begun, const char* option, const std::string& otherwise) {
  const auto found = begun.options.find(option);
  return found == begun.options.end() || found->second.empty() ? otherwise : found->second;
}

/// The city's directory, as far as the line names one.
std::string city_of(const Begun& begun) {
  return given(begun, "repository", given(begun, "repo", given(begun, "path", ".")));
}

std::vector<Device> devices_of(const Begun& begun) {
  const DiskTree tree(city_of(begun));
  Problems problems;
  const auto cluster = render::read_cluster(tree, problems);
  if (cluster.devices.empty()) return {};
  return render::read_devices(render::read_inventory(cluster, tree), cluster.devices, problems);
}

Words device_ids(const Begun& begun) {
  Words ids;
  for (const auto& device : devices_of(begun)) ids.push_back(device.id);
  return ids;
}

template <typename Write>
Words labels_as(const Begun& begun, Write write) {
  std::set<std::string> written;
  for (const auto& device : devices_of(begun)) {
    for (const auto& [key, value] : device.labels) written.insert(write(key, value));
  }
  return {written.begin(), written.end()};
}

Words layers(const Begun&) {
  const DiskTree tree(".");
  Problems problems;
  Words paths;
  for (const auto& layer : render::read_cluster(tree, problems).layers) paths.push_back(layer.path);
  return paths;
}

Words revisions(const Begun& begun) {
  return git::Repository(city_of(begun)).names();
}

/// "@REVISION"; a directory is the shell's to complete.
Words places(const Begun& begun) {
  Words all;
  if (!begun.word.starts_with('@')) return all;
  for (const auto& name : revisions(begun)) all.push_back("@" + name);
  return all;
}

/// "BASE..HEAD", a name at a time.
Words ranges(const Begun& begun) {
  auto all = revisions(begun);
  const auto dots = begun.word.find("..");
  if (dots == std::string::npos) return all;
  const auto name = std::min(begun.word.find_first_not_of('.', dots), begun.word.size());
  for (auto& one : all) one.insert(0, begun.word.substr(0, name));
  return all;
}

Words objects(const Begun& begun) {
  Globals globals;
  globals.config = given(begun, "config", globals.config);
  globals.root = given(begun, "root", globals.root);
  globals.socket = given(begun, "socket", globals.socket);
  const auto context = context_of(globals);
  nlohmann::json known;
  try {
    known = Client(context.socket, patience).get("/v1/objects").at("objects");
  } catch (const Unreachable&) {
    known = last_objects(context, "");
  }
  Words names;
  for (const auto& object : known) names.push_back(object.value("object", ""));
  return names;
}

/// "File", then "File.mode".
Words fields(const Begun& begun) {
  Words paths;
  const auto dot = begun.word.rfind('.');
  for (const auto& one : explainable()) paths.push_back(one.path);
  if (dot != std::string::npos && dot > 0) {
    for (const auto& one : explain(begun.word.substr(0, dot)).fields) paths.push_back(one.path);
  }
  return paths;
}

Words durations(const Begun&) {
  return {"30m", "1h", "2h", "4h", "8h", "1d"};
}

}  // namespace

void add_look_ups(CommandLine& line) {
  line.look_up("ID", device_ids);
  line.look_up("LABEL", [](const Begun& begun) {
    return labels_as(begun, [](const std::string& key, const std::string&) { return key; });
  });
  line.look_up("KEY=VALUE", [](const Begun& begun) {
    return labels_as(begun, [](const auto& key, const auto& value) { return key + "=" + value; });
  });
  line.look_up("LAYER", layers);
  line.look_up("BRANCH", revisions);
  line.look_up("COMMIT", revisions);
  line.look_up("WHERE", places);
  line.look_up("RANGE", ranges);
  line.look_up("OBJECT", objects);
  line.look_up("FIELD", fields);
  line.look_up("TIME", durations);
  line.look_up("COMMAND", [&line](const Begun&) {
    Words names;
    for (const auto& command : line.shape().commands) names.push_back(command.name);
    return names;
  });
}

}  // namespace greenwave::cli
