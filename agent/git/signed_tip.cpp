#include "git/signed_tip.h"

#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "config/ref_name.h"

namespace greenwave::git {

namespace {

constexpr std::string_view first_line = "greenwave-tip 1\n";
constexpr std::string_view signature_begins = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::size_t most_digits = 18;

Error malformed_tip(std::string_view why) {
  return Error(Fault::invalid, fmt::format("the signed tip cannot be read: {}", why),
               "make it with: greenwave tip sign");
}

/// The value of the line `name`, with which `rest` begins; advances `rest`.
std::string_view take_value(std::string_view& rest, std::string_view name) {
  const auto line = rest.substr(0, rest.find('\n'));
  if (line.size() == rest.size() || !line.starts_with(name) || line.size() < name.size() + 2 ||
      line[name.size()] != ' ') {
    throw malformed_tip(fmt::format("the line \"{}\" is missing, or not in its place", name));
  }
  rest.remove_prefix(line.size() + 1);
  return line.substr(name.size() + 1);
}

Time time_of(std::string_view text) {
  try {
    return from_iso(text);
  } catch (const Error&) {
    throw malformed_tip("a time is not written as 2026-11-27T15:00:00Z");
  }
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [after, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || after != end || text.size() > most_digits) {
    throw malformed_tip(fmt::format("its sequence is not a number of at most {} digits", most_digits));
  }
  return number;
}

CommitId commit_of(std::string_view text) {
  if (text.size() != 40 || text.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    throw malformed_tip("its commit is not a name of 40 hexadecimal digits");
  }
  return CommitId(std::string(text));
}

}  // namespace

std::filesystem::path tips_beside(const std::filesystem::path& repository) {
  auto directory = repository.lexically_normal().native();
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return directory + ".tip";
}

SignedTip read_statement(std::string_view statement) {
  auto rest = statement;
  if (!rest.starts_with(first_line)) throw malformed_tip("it does not begin with \"greenwave-tip 1\"");
  rest.remove_prefix(first_line.size());
  SignedTip tip;
  tip.repository = take_value(rest, "repository");
  if (!config::is_repository_name(tip.repository)) throw malformed_tip("its repository is no name");
  tip.ref = take_value(rest, "ref");
  if (!tip.ref.starts_with("refs/") || !config::is_ref_name(tip.ref)) throw malformed_tip("its ref is none");
  tip.commit = commit_of(take_value(rest, "commit"));
  tip.sequence = number_of(take_value(rest, "sequence"));
  tip.issued = time_of(take_value(rest, "issued"));
  tip.expires = time_of(take_value(rest, "expires"));
  if (tip.expires <= tip.issued) throw malformed_tip("it expires before it was issued");
  // Leading zeros, a leap second, something behind it.
  if (statement_of(tip) != statement)
    throw malformed_tip("it is not written as greenwave tip sign writes it");
  return tip;
}

WrittenTip read_signed_tip(std::string_view text) {
  if (text.size() > most_tip)
    throw malformed_tip(fmt::format("it is longer than {}", bytes_in_words(most_tip)));
  const auto end = text.find(signature_begins);
  if (end == std::string_view::npos) throw malformed_tip("it has no SSH signature");
  const auto statement = text.substr(0, end);
  return {.tip = read_statement(statement), .statement = statement, .signature = text.substr(end)};
}

std::string statement_of(const SignedTip& tip) {
  return fmt::format("{}repository {}\nref {}\ncommit {}\nsequence {}\nissued {}\nexpires {}\n", first_line,
                     tip.repository, tip.ref, tip.commit.text(), tip.sequence, to_iso(tip.issued),
                     to_iso(tip.expires));
}

}  // namespace greenwave::git
