#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "render/render.h"
#include "support/memory_tree.h"

namespace greenwave::test {

using Files = std::map<std::string, std::string>;

inline render::Rendered rendered(Files files, const render::Identity& identity = {"sf-0042", {}, {}}) {
  return render::render(MemoryTree(std::move(files)), identity);
}

/// An own object named `name`, its spec as flow YAML.
inline std::string file_named(const std::string& name,
                              const std::string& spec = "{path: /etc/a, content: x}") {
  return "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: " + name + "}\nspec: " + spec + "\n";
}

inline std::string cluster(const std::string& spec) {
  return "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: city}\nspec: " + spec + "\n";
}

inline std::vector<std::string> names(const render::Rendered& rendered) {
  std::vector<std::string> list;
  for (const auto& manifest : rendered.manifests) list.push_back(to_string(manifest.id));
  return list;
}

inline std::vector<std::string> refused(const render::Rendered& rendered) {
  std::vector<std::string> list;
  for (const auto& id : rendered.refused) list.push_back(to_string(id));
  return list;
}

inline std::vector<std::string> problems(const Problems& found) {
  std::vector<std::string> list;
  for (const auto& problem : found.list()) list.push_back(to_string(problem));
  return list;
}

inline std::vector<std::string> problems(const render::Rendered& rendered) {
  return problems(rendered.problems);
}

/// The document of the only manifest called `name`, as JSON.
inline nlohmann::json document(const render::Rendered& rendered, const std::string& name) {
  const auto found = std::find_if(rendered.manifests.begin(), rendered.manifests.end(),
                                  [&name](const Manifest& manifest) { return manifest.id.name == name; });
  if (found == rendered.manifests.end()) return "no such manifest";
  return nlohmann::json::parse(yaml::to_json(found->document).dump());
}

inline nlohmann::json spec(const render::Rendered& rendered, const std::string& name) {
  const auto found = document(rendered, name);
  return found.contains("spec") ? found["spec"] : found;
}

/// The message of the Error that `call` throws.
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

using Texts = std::vector<std::string>;

}  // namespace greenwave::test
