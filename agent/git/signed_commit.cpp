#include "git/signed_commit.h"

#include <charconv>

#include "base/error.h"

namespace greenwave::git {

namespace {

Error malformed_commit(std::string_view why) {
  return Error(Fault::invalid, "the commit object is malformed: " + std::string(why));
}

/// A header including its continuation lines (they begin with a space) and line feeds.
struct Header {
  std::string_view name;
  std::string_view all;    ///< "gpgsig -----BEGIN…\n …\n"
  std::string_view value;  ///< without the name and the space after it
};

/// The header at the start of `rest`; advances `rest`.
Header next_header(std::string_view& rest) {
  std::size_t size = 0;
  do {
    const auto line_end = rest.find('\n', size);
    if (line_end == std::string_view::npos) throw malformed_commit("its headers are not terminated");
    size = line_end + 1;
  } while (size < rest.size() && rest[size] == ' ');
  const auto all = rest.substr(0, size);
  const auto space = all.find_first_of(" \n");
  if (space == 0 || all[space] != ' ') throw malformed_commit("a header has no name or no value");
  rest.remove_prefix(size);
  return {all.substr(0, space), all, all.substr(space + 1)};
}

std::string continued(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    text += value[i];
    if (value[i] == '\n' && i + 1 < value.size()) ++i;  // the space that marks a continuation
  }
  return text;
}

/// "NAME <EMAIL> SECONDS ZONE\n"
void read_committer(std::string_view value, SignedCommit& commit) {
  const auto open = value.find('<');
  const auto close = value.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      value.substr(close).size() < 3) {
    throw malformed_commit("its committer line lacks an e-mail address or a time");
  }
  commit.committer = value.substr(open + 1, close - open - 1);
  const auto* first = value.data() + close + 2;
  const auto* last = value.data() + value.size();
  std::int64_t seconds = 0;
  const auto [after, failure] = std::from_chars(first, last, seconds);
  constexpr std::int64_t most = 253'402'300'799;  // the end of the year 9999
  if (failure != std::errc{} || value[close + 1] != ' ' || after == last || *after != ' ' || seconds < 0 ||
      seconds > most) {
    throw malformed_commit("its committer line has no valid time");
  }
  commit.time = Time(std::chrono::seconds(seconds));
}

}  // namespace

SignedCommit take_apart(std::string_view object) {
  SignedCommit commit;
  auto rest = object;
  // A header must not come before one of lower rank, so that every reader finds the same tree and parents.
  enum Rank { tree, parents, author, committer, others };
  int rank = tree;
  while (!rest.starts_with('\n')) {
    if (rest.empty()) throw malformed_commit("its headers are not terminated");
    const auto header = next_header(rest);
    if (header.all.find('\0') != std::string_view::npos)
      throw malformed_commit("a header contains a zero byte");
    const bool continues = header.all.find('\n') + 1 != header.all.size();
    if (rank == parents && header.name != "parent") rank = author;
    const bool fits = (rank == tree && header.name == "tree") || (rank == parents) ||
                      (rank == author && header.name == "author") ||
                      (rank == committer && header.name == "committer");
    const bool misplaced = rank == others && (header.name == "tree" || header.name == "parent" ||
                                              header.name == "author" || header.name == "committer");
    if ((rank < others && (!fits || continues)) || misplaced)
      throw malformed_commit("its headers are out of order");
    if (header.name == "committer") read_committer(header.value, commit);
    if (rank != parents && rank != others) ++rank;
    if (header.name == "gpgsig") {
      if (!commit.signature.empty()) throw malformed_commit("it has two signatures");
      commit.signature = continued(header.value);
      continue;
    }
    // git does not sign the signature for its other hash function.
    if (header.name == "gpgsig-sha256") continue;
    commit.payload += header.all;
  }
  if (rank != others) throw malformed_commit("a required header is missing");
  commit.payload += rest;
  return commit;
}

std::string put_together(const SignedCommit& commit) {
  if (commit.signature.empty()) return commit.payload;
  std::string header = "gpgsig ";
  const auto& text = commit.signature;
  for (std::size_t i = 0; i < text.size(); ++i) {
    header += text[i];
    if (text[i] == '\n' && i + 1 < text.size()) header += ' ';
  }
  auto object = commit.payload;
  return object.insert(object.find("\n\n") + 1, header);
}

}  // namespace greenwave::git
