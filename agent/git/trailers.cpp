#include "git/trailers.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

constexpr std::string_view ref_key = "Greenwave-Ref";

std::vector<std::string> trailers_in(const char* message, std::string_view key) {
  std::vector<std::string> values;
  git_message_trailer_array trailers{};
  if (git_message_trailers(&trailers, message) < 0) return values;
  for (std::size_t i = 0; i < trailers.count; ++i) {
    const auto& trailer = trailers.trailers[i];
    if (same_but_for_case(trailer.key, key)) values.emplace_back(trim(trailer.value));
  }
  git_message_trailer_array_free(&trailers);
  return values;
}

}  // namespace

std::vector<std::string> trailers_of(const git_commit* commit, std::string_view key) {
  return trailers_in(git_commit_message(commit), key);
}

void require_for_ref(const Store& store, const CommitId& commit, const std::string& ref) {
  const auto oid = to_oid(commit);
  RawCommit found;
  if (git_commit_lookup(Out(found), store.raw(), &oid) < 0) {
    throw failure(Fault::damaged, fmt::format("read commit {}", commit.text()), damaged_store_remedy);
  }
  require_for_ref(std::string(git_commit_message(found.get())), commit, ref);
}

void require_for_ref(const std::string& message, const CommitId& commit, const std::string& ref) {
  const auto refs = trailers_in(message.c_str(), ref_key);
  if (std::ranges::find(refs, ref) != refs.end()) return;
  const auto says = refs.empty() ? std::string("does not say which branch it is for")
                                 : fmt::format("is for {}, not for {}",
                                               printable(fmt::format("{}", fmt::join(refs, ", "))), ref);
  throw Error(
      Fault::untrusted, fmt::format("commit {} {}", commit.text(), says),
      fmt::format("if it is to be on {0}, push a signed commit there with the trailer \"{1}: {0}\" (git "
                  "commit --amend -S --no-edit --trailer \"{1}: {0}\"); trust.requireRef asks for it",
                  ref, ref_key));
}

}  // namespace greenwave::git
