#include "git/ref_name.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/listed.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

constexpr std::string_view heads = "refs/heads/";
constexpr std::size_t most_listed = 10;

std::string short_name(std::string_view ref) {
  return printable(ref.starts_with(heads) ? ref.substr(heads.size()) : ref);
}

}  // namespace

std::string full_ref_name(std::string_view branch) {
  return branch.starts_with("refs/") ? std::string(branch) : std::string(heads) + std::string(branch);
}

Error no_such_ref(std::string_view ref, const std::vector<std::string>& refs) {
  std::vector<std::string> branches;
  for (const auto& name : refs) {
    if (name.starts_with(heads)) branches.push_back(short_name(name));
  }
  if (branches.empty()) {
    return Error(Fault::invalid, fmt::format("the repository is empty: it has no branch {}", short_name(ref)),
                 "push a first commit; the next poll finds it");
  }
  std::sort(branches.begin(), branches.end());
  return Error(Fault::invalid, fmt::format("the repository has no branch {}", short_name(ref)),
               fmt::format("push it, or follow an existing branch: {}", listed(branches, most_listed)));
}

}  // namespace greenwave::git
