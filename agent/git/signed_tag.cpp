#include "git/signed_tag.h"

#include <charconv>
#include <cstdint>

#include "base/error.h"

namespace greenwave::git {

namespace {

constexpr std::string_view tags = "refs/tags/";

Error malformed_tag(std::string_view why) {
  return Error(Fault::invalid, "the tag object is malformed: " + std::string(why));
}

/// The value of the header `name`, with which `rest` begins; advances `rest`.
std::string_view take_header(std::string_view& rest, std::string_view name) {
  const auto line = rest.substr(0, rest.find('\n'));
  if (line.size() == rest.size() || !line.starts_with(name) || line.size() < name.size() + 2 ||
      line[name.size()] != ' ' || line.find('\0') != std::string_view::npos) {
    throw malformed_tag("its headers are not object, type, tag and tagger");
  }
  rest.remove_prefix(line.size() + 1);
  return line.substr(name.size() + 1);
}

/// "NAME <EMAIL> SECONDS ZONE"
void read_tagger(std::string_view value, SignedTag& tag) {
  const auto open = value.find('<');
  const auto close = value.rfind("> ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    throw malformed_tag("its tagger line lacks an e-mail address or a time");
  }
  tag.tagger = value.substr(open + 1, close - open - 1);
  const auto* end = value.data() + value.size();
  std::int64_t seconds = 0;
  const auto [after, failure] = std::from_chars(value.data() + close + 2, end, seconds);
  constexpr std::int64_t most = 253'402'300'799;  // the end of the year 9999
  if (failure != std::errc{} || after == end || *after != ' ' || seconds < 0 || seconds > most) {
    throw malformed_tag("its tagger line has no valid time");
  }
  tag.time = Time(std::chrono::seconds(seconds));
}

/// Where the last line begins that begins an armor, as git looks for it.
std::size_t signature_start(std::string_view text) {
  for (auto at = text.size(); at > 0;) {
    at = text.rfind("-----BEGIN ", at - 1);
    if (at == std::string_view::npos) break;
    if (at == 0 || text[at - 1] == '\n') return at;
  }
  return text.size();
}

}  // namespace

SignedTag take_tag_apart(std::string_view object) {
  SignedTag tag;
  auto rest = object;
  tag.commit = CommitId(std::string(take_header(rest, "object")));
  const auto type = take_header(rest, "type");
  if (type != "commit") {
    throw Error(Fault::invalid, "the tag is not on a commit, but on a " + std::string(type.substr(0, 20)),
                "make a tag of the commit itself");
  }
  tag.name = take_header(rest, "tag");
  read_tagger(take_header(rest, "tagger"), tag);
  if (!rest.starts_with('\n')) throw malformed_tag("it has other headers too");
  rest.remove_prefix(1);
  const auto start = signature_start(rest);
  tag.message = rest.substr(0, start);
  tag.signature = rest.substr(start);
  tag.payload = object.substr(0, object.size() - tag.signature.size());
  return tag;
}

std::string vouching_ref(const CommitId& commit) {
  return std::string(tags) + "greenwave/" + commit.text();
}

}  // namespace greenwave::git
