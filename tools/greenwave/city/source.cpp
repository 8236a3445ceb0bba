#include "city/source.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "city/disk_tree.h"
#include "model/paths.h"

namespace greenwave::cli {

namespace {

namespace fs = std::filesystem;

std::string normal(const std::string& path) {
  auto normalised = normal_path(path);
  if (normalised) return *normalised;
  throw Error(Fault::invalid, fmt::format("{} is not a path in the repository", printable(path)),
              "write it relative to the repository's root, without ..");
}

std::string prefix_of(const fs::path& directory) {
  try {
    return git::Repository(directory).prefix();
  } catch (const Error&) {
    return {};  // a directory outside of any repository is its own top
  }
}

}  // namespace

std::string as_prefix(const std::string& directory) {
  if (directory.empty() || directory == ".") return {};
  return directory.ends_with('/') ? directory : directory + "/";
}

CitySource CitySource::commit(const git::Repository& repository, const CommitId& id,
                              const std::string& path) {
  CitySource source;
  const auto whole = join_path(repository.prefix(), normal(path));
  source.tree_ = repository.tree(id, whole.ends_with('/') ? whole.substr(0, whole.size() - 1) : whole);
  source.shown_prefix_ = source.repository_prefix_ = as_prefix(whole);
  return source;
}

CitySource CitySource::open(const std::string& named, const std::string& path) {
  std::error_code error;
  const auto at = named.rfind('@');
  if (fs::is_directory(named, error) || at == std::string::npos) {
    CitySource source;
    const auto directory = path.empty() ? fs::path(named) : fs::path(named) / normal(path);
    if (!fs::is_directory(directory, error)) {
      throw Error(Fault::invalid, fmt::format("{} is not a directory", printable(directory.native())),
                  "name the directory of greenwave.yaml, or a commit as REPOSITORY@REVISION");
    }
    source.tree_ = std::make_unique<DiskTree>(directory);
    source.shown_prefix_ = as_prefix(directory.lexically_normal().native());
    source.repository_prefix_ = as_prefix(prefix_of(directory));
    return source;
  }
  auto [repository, id] = commit_named(named);
  auto source = commit(*repository, id, path);
  source.repository_ = std::move(repository);
  return source;
}

NamedCommit commit_named(const std::string& named) {
  std::error_code error;
  const auto at = named.rfind('@');
  const bool is_directory = fs::is_directory(named, error) || at == std::string::npos;
  const auto where = is_directory ? named : at == 0 ? "." : named.substr(0, at);
  auto repository = std::make_unique<git::Repository>(where);
  auto commit = repository->resolve(is_directory ? "HEAD" : named.substr(at + 1));
  return {std::move(repository), std::move(commit)};
}

Range parse_range(const std::string& text) {
  Range range;
  const auto dots = text.find("..");
  range.base = text.substr(0, dots);
  if (dots != std::string::npos) {
    range.from_merge_base = text.compare(dots, 3, "...") == 0;
    range.head = text.substr(dots + (range.from_merge_base ? 3 : 2));
    if (range.head.empty()) range.head = "HEAD";
  }
  if (range.base.empty()) range.base = "HEAD";
  if (range.head.find("..") == std::string::npos) return range;
  throw Error(Fault::invalid, fmt::format("\"{}\" is not a range of commits", printable(text)),
              "write BASE..HEAD, for example origin/main..HEAD");
}

}  // namespace greenwave::cli
