#include "git/checkout.h"

#include <string_view>
#include <utility>

#include "git/handle.h"
#include "git/library.h"
#include "git/repository.h"

namespace greenwave::git {

struct Checkout::Handles {
  RawRepository repository;
  Index index;
  std::string prefix;
};

Checkout::Checkout(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

Checkout::~Checkout() = default;

std::unique_ptr<Checkout> Checkout::at(const std::filesystem::path& inside) {
  initialize();
  auto handles = std::make_unique<Handles>();
  if (git_repository_open_ext(Out(handles->repository), inside.c_str(), 0, nullptr) < 0) return nullptr;
  if (git_repository_is_bare(handles->repository.get()) != 0) return nullptr;
  if (git_repository_index(Out(handles->index), handles->repository.get()) < 0) return nullptr;
  handles->prefix = prefix_in(handles->repository.get(), inside);
  return std::unique_ptr<Checkout>(new Checkout(std::move(handles)));
}

std::string Checkout::whole(const std::string& path) const {
  return handles_->prefix.empty() ? path : handles_->prefix + "/" + path;
}

bool Checkout::ignores(const std::string& path, bool is_directory) const {
  const auto place = whole(path);
  int ignored = 0;
  if (git_ignore_path_is_ignored(&ignored, handles_->repository.get(), place.c_str()) < 0) return false;
  if (ignored == 0) return false;
  if (is_directory) return git_index_find_prefix(nullptr, handles_->index.get(), (place + "/").c_str()) < 0;
  return git_index_get_bypath(handles_->index.get(), place.c_str(), 0) == nullptr;
}

bool Checkout::is_submodule(const std::string& path) const {
  const auto place = whole(path);
  const auto* known = git_index_get_bypath(handles_->index.get(), place.c_str(), 0);
  if (known != nullptr) return known->mode == GIT_FILEMODE_COMMIT;
  std::error_code error;
  const std::filesystem::path top = git_repository_workdir(handles_->repository.get());
  return std::filesystem::exists(top / place / ".git", error);
}

bool Checkout::is_in_lfs(const std::string& path) const {
  const char* value = nullptr;
  const auto place = whole(path);
  const int code = git_attr_get(&value, handles_->repository.get(), 0, place.c_str(), "filter");
  return code == 0 && git_attr_value(value) == GIT_ATTR_VALUE_STRING && std::string_view(value) == "lfs";
}

std::string Checkout::kept(const std::string& path, std::string bytes) const {
  const auto place = whole(path);
  FilterList filters;
  const int code = git_filter_list_load(Out(filters), handles_->repository.get(), nullptr, place.c_str(),
                                        GIT_FILTER_TO_ODB, GIT_FILTER_ALLOW_UNSAFE);
  if (code < 0 || filters == nullptr) return bytes;
  Buffer buffer;
  if (git_filter_list_apply_to_buffer(&buffer.raw, filters.get(), bytes.data(), bytes.size()) < 0)
    return bytes;
  return {buffer.raw.ptr, buffer.raw.size};
}

}  // namespace greenwave::git
