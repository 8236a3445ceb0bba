// kustomize_build ROOT [DIRECTORY]: renders a kustomization below ROOT as an agent does and prints its
// objects as a JSON list, so that tests can compare them with those of `kustomize build`. Problems go to
// stderr; ends with 1 when there is an error.

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "base/problem.h"
#include "render/kustomize/build.h"
#include "support/directory_tree.h"

using namespace greenwave;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: kustomize_build ROOT [DIRECTORY]\n", stderr);
    return 2;
  }
  const test::DirectoryTree tree(argv[1]);
  Problems problems;
  const auto objects = render::kustomize::build(tree, argc > 2 ? argv[2] : "", problems);
  for (const auto& problem : problems.list()) std::fprintf(stderr, "%s\n", to_string(problem).c_str());
  if (!objects) return 1;
  auto list = nlohmann::ordered_json::array();
  for (const auto& object : *objects) list.push_back(yaml::to_json(object));
  std::puts(list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  return 0;
}
