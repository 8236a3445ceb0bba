#include "git/commit_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_directories = 256;
constexpr std::size_t largest_directory = 8 << 20;     ///< bytes of git's list of it
constexpr std::size_t most_of_directories = 16 << 20;  ///< bytes of those that are kept, in the same way

SourceTree::Type type_of(const git_tree_entry* entry) {
  switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE:
      return SourceTree::Type::directory;
    case GIT_FILEMODE_BLOB:
      return SourceTree::Type::file;
    case GIT_FILEMODE_BLOB_EXECUTABLE:
      return SourceTree::Type::executable;
    case GIT_FILEMODE_LINK:
      return SourceTree::Type::link;
    default:  // a submodule
      return SourceTree::Type::other;
  }
}

SourceTree::Item item_of(const git_tree_entry* entry) {
  return {git_tree_entry_name(entry), type_of(entry), to_hex(*git_tree_entry_id(entry))};
}

std::string in_words(const std::string& directory) {
  return directory.empty() ? "the repository's top directory" : printable(directory);
}

/// A directory's name counts as if it ended with a slash.
std::string place_in_order(const git_tree_entry* entry) {
  std::string name = git_tree_entry_name(entry);
  if (type_of(entry) == SourceTree::Type::directory) name += '/';
  return name;
}

/// A tree can be written by hand so that its names lead elsewhere, or so that readers find different files in
/// it.
void require_as_git_writes(const git_tree* tree, const std::string& path) {
  const auto require = [&](bool good, std::string_view name) {
    if (good) return;
    throw Error(Fault::invalid,
                fmt::format("the list of files in {} is not as git writes it, at \"{}\"", in_words(path),
                            printable(name.substr(0, 100))),
                "find out what wrote it: git fsck reports it, and a new commit by git replaces it");
  };
  std::string last;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    const auto* entry = git_tree_entry_byindex(tree, i);
    const std::string_view name = git_tree_entry_name(entry);
    auto place = place_in_order(entry);
    require(!name.empty() && name != "." && name != ".." && name.find('/') == name.npos && last < place,
            name);
    last = std::move(place);
    names.push_back(name);
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  require(twice == names.end(), twice == names.end() ? "" : *twice);
}

Error unreadable(const std::string& path) {
  return failure(Fault::damaged, fmt::format("read {} from the store", printable(path)),
                 damaged_store_remedy);
}

}  // namespace

CommitTree::CommitTree(git_repository* repository, const git_oid& root, std::string prefix, Missing* missing)
    : repository_(repository), root_(root), prefix_(std::move(prefix)), missing_(missing) {
  if (git_repository_odb(Out(odb_), repository) < 0) throw unreadable("the object database");
}

std::string CommitTree::whole(const std::string& path) const {
  if (prefix_.empty() || path.empty()) return prefix_ + path;
  return prefix_ + "/" + path;
}

bool CommitTree::may_be_missing(int code, const git_oid& oid) const {
  if (code != GIT_ENOTFOUND || missing_ == nullptr) return false;
  missing_->insert(to_hex(oid));
  return true;
}

Tree CommitTree::load(const git_oid& oid, const std::string& path) const {
  if (noted_ != nullptr) noted_->insert(to_hex(oid));
  Tree tree;
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  int code = git_odb_read_header(&size, &type, odb_.get(), &oid);
  if (code == 0 && size > largest_directory) {
    throw Error(Fault::invalid,
                fmt::format("the list of files in {} has {}, more than the {} allowed", in_words(path),
                            bytes_in_words(size), bytes_in_words(largest_directory)),
                "spread the files over several directories");
  }
  if (code == 0) code = git_tree_lookup(Out(tree), repository_, &oid);
  if (code < 0 && !may_be_missing(code, oid)) throw unreadable(path);
  if (tree) require_as_git_writes(tree.get(), path);
  make_room_for(size);
  return tree;
}

void CommitTree::make_room_for(std::size_t bytes) const {
  if (directories_.size() >= most_directories || bytes_ + bytes > most_of_directories) {
    directories_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
}

const git_tree* CommitTree::directory(const std::string& path) const {
  if (const auto known = directories_.find(path); known != directories_.end()) return known->second.get();
  git_oid oid = root_;
  if (!path.empty()) {
    const auto* named = entry(path);
    if (named == nullptr || git_tree_entry_type(named) != GIT_OBJECT_TREE) return nullptr;
    oid = *git_tree_entry_id(named);
  }
  auto tree = load(oid, path);
  if (!tree) return nullptr;
  return directories_.emplace(path, std::move(tree)).first->second.get();
}

const git_tree_entry* CommitTree::entry(const std::string& path) const {
  const auto slash = path.rfind('/');
  const auto* parent = directory(slash == std::string::npos ? "" : path.substr(0, slash));
  if (parent == nullptr) return nullptr;
  return git_tree_entry_byname(parent, path.c_str() + (slash == std::string::npos ? 0 : slash + 1));
}

std::optional<SourceTree::Item> CommitTree::find(const std::string& path) const {
  const auto place = whole(path);
  if (place.empty()) return Item{"", Type::directory, to_hex(root_)};
  const auto* named = entry(place);
  if (named == nullptr) return {};
  return item_of(named);
}

std::vector<SourceTree::Item> CommitTree::list(const std::string& path) const {
  const auto* tree = directory(whole(path));
  if (tree == nullptr) return {};
  std::vector<Item> items;
  const auto count = git_tree_entrycount(tree);
  items.reserve(count);
  for (std::size_t i = 0; i < count; ++i) items.push_back(item_of(git_tree_entry_byindex(tree, i)));
  // git sorts directories as if their names ended with a slash.
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.name < b.name; });
  return items;
}

std::string CommitTree::read(const std::string& path, std::size_t cap) const {
  const auto place = whole(path);
  const auto* named = place.empty() ? nullptr : entry(place);
  if (named == nullptr || git_tree_entry_type(named) != GIT_OBJECT_BLOB) {
    throw Error(Fault::invalid, fmt::format("{} is not a file of the repository", printable(path)));
  }
  const git_oid oid = *git_tree_entry_id(named);
  if (noted_ != nullptr) noted_->insert(to_hex(oid));
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  const int code = git_odb_read_header(&size, &type, odb_.get(), &oid);
  if (code < 0) {
    if (may_be_missing(code, oid)) return {};
    throw unreadable(path);
  }
  if (size > cap) {
    throw Error(Fault::invalid, fmt::format("{} has {}, more than the {} allowed here", printable(path),
                                            bytes_in_words(size), bytes_in_words(cap)));
  }
  OdbObject object;
  if (git_odb_read(Out(object), odb_.get(), &oid) < 0) throw unreadable(path);
  return {static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get())};
}

}  // namespace greenwave::git
