#include "git/bundle_header.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

constexpr std::size_t oid_letters = 40;

Error malformed_bundle(std::string_view why,
                       std::string remedy = "copy it again, or create it again with git bundle create") {
  return Error(Fault::invalid, std::string(why), std::move(remedy));
}

CommitId commit_at_start(std::string_view line) {
  const auto oid = line.substr(0, oid_letters);
  const bool good =
      oid.size() == oid_letters && oid.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!good || (line.size() > oid_letters && line[oid_letters] != ' ')) {
    throw malformed_bundle("the bundle's header lists something that is not a commit");
  }
  return CommitId(std::string(oid));
}

void require_known(std::string_view capability) {
  if (capability == "object-format=sha1" || capability.starts_with("filter=")) return;
  throw malformed_bundle(fmt::format("the bundle needs \"{}\", which Greenwave does not support",
                                     printable(capability.substr(0, 64))),
                         "create it without that, from a repository that uses SHA-1");
}

}  // namespace

BundleHeader parse_bundle_header(std::string_view bytes) {
  bytes = bytes.substr(0, most_bundle_header);
  BundleHeader header;
  const auto next_line = [&] {
    const auto end = bytes.find('\n', header.size);
    if (end == std::string_view::npos) throw malformed_bundle("the bundle's header is truncated");
    const auto line = bytes.substr(header.size, end - header.size);
    header.size = end + 1;
    return line;
  };
  constexpr std::string_view signature = "# v";
  if (!bytes.starts_with(signature)) throw malformed_bundle("it is not a git bundle");
  const auto first = next_line();
  const bool third = first == "# v3 git bundle";
  if (!third && first != "# v2 git bundle")
    throw malformed_bundle("it is not a git bundle of version 2 or 3");
  for (auto line = next_line(); !line.empty(); line = next_line()) {
    if (third && line[0] == '@') {
      require_known(line.substr(1));
    } else if (line[0] == '-') {
      header.prerequisites.push_back(commit_at_start(line.substr(1)));
    } else {
      auto commit = commit_at_start(line);
      if (line.size() < oid_letters + 2)
        throw malformed_bundle("the bundle's header has a commit without a ref");
      const auto name = line.substr(oid_letters + 1);
      if (name.starts_with(device_ref)) {
        header.made_for = name.substr(device_ref.size());
      } else {
        header.refs.emplace_back(name, std::move(commit));
      }
    }
  }
  return header;
}

}  // namespace greenwave::git
