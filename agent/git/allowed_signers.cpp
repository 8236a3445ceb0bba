#include "git/allowed_signers.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "git/pattern_list.h"
#include "git/ssh_key.h"

namespace greenwave::git {

namespace {

constexpr std::size_t largest_file = 1024 * 1024;
constexpr std::size_t most_problems = 100;
constexpr std::string_view form = "write: PRINCIPALS [OPTIONS] KEYTYPE BASE64KEY [COMMENT]";

bool is_blank(char letter) {
  return letter == ' ' || letter == '\t';
}

/// The two digits at `at`.
int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

/// YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, followed by Z or UTC, or else in the machine's time zone.
std::optional<Time> parse_time(std::string_view text) {
  bool utc = false;
  for (const std::string_view suffix : {"Z", "UTC"}) {
    if (text.size() <= suffix.size() || !same_but_for_case(text.substr(text.size() - suffix.size()), suffix))
      continue;
    text.remove_suffix(suffix.size());
    utc = true;
    break;
  }
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (text.size() != 8 && text.size() != 12 && text.size() != 14)) return {};
  std::tm parts{};
  parts.tm_year = two_digits(text, 0) * 100 + two_digits(text, 2) - 1900;
  parts.tm_mon = two_digits(text, 4) - 1;
  parts.tm_mday = two_digits(text, 6);
  if (text.size() >= 12) {
    parts.tm_hour = two_digits(text, 8);
    parts.tm_min = two_digits(text, 10);
  }
  if (text.size() == 14) parts.tm_sec = two_digits(text, 12);
  parts.tm_isdst = -1;
  const auto written = parts;
  const auto seconds = utc ? ::timegm(&parts) : std::mktime(&parts);
  // The library turns 31 April into 1 May; here it is an error.
  const bool exists = parts.tm_mon == written.tm_mon && parts.tm_mday == written.tm_mday &&
                      written.tm_hour < 24 && written.tm_min < 60 && written.tm_sec < 60;
  if (!exists || seconds < 0) return {};
  return Time(std::chrono::seconds(seconds));
}

/// Stops reading a line; its problem has already been reported.
struct Refused {};

/// Reads one line.
class Line {
 public:
  Line(std::string_view text, std::shared_ptr<const std::string> file, std::uint32_t number,
       Problems& problems)
      : text_(text), file_(std::move(file)), number_(number), problems_(problems) {}

  /// Nothing for a blank line, a comment, or a key type that is not supported here.
  std::optional<AllowedSigner> read() {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] == '#') return {};
    AllowedSigner signer;
    signer.place = place(at_);
    signer.principals = principals();
    skip_blanks();
    if (!is_key_type(word_here())) options(signer);
    if (!key(signer)) return {};
    return signer;
  }

 private:
  Place place(std::size_t at) const { return {file_, number_, static_cast<std::uint32_t>(at + 1)}; }

  [[noreturn]] void refuse(std::size_t at, std::string message, std::string remedy) {
    problems_.error(place(at), std::move(message), std::move(remedy));
    throw Refused{};
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  std::string_view word_here() const {
    const auto rest = text_.substr(at_);
    return rest.substr(0, rest.find_first_of(" \t"));
  }

  std::string principals() {
    const auto start = at_;
    std::string_view found;
    if (text_[at_] == '"') {
      const auto close = text_.find('"', at_ + 1);
      if (close == std::string_view::npos) refuse(start, "the quote is not closed", "close it with a \"");
      found = text_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
      if (at_ < text_.size() && !is_blank(text_[at_])) {
        refuse(at_, "a space is missing after the quoted principals", std::string(form));
      }
    } else {
      found = word_here();
      at_ += found.size();
    }
    const auto patterns = split(found, ',');
    const bool allows = std::any_of(patterns.begin(), patterns.end(), [](std::string_view pattern) {
      return !pattern.empty() && pattern[0] != '!';
    });
    if (!allows) refuse(start, "the principals match nobody", "write at least one without a \"!\"");
    return std::string(found);
  }

  void options(AllowedSigner& signer) {
    if (at_ == text_.size()) refuse(at_, "the line has no key", std::string(form));
    for (;;) {
      option(signer);
      if (at_ == text_.size()) refuse(at_, "the line has no key", std::string(form));
      if (is_blank(text_[at_])) break;
      if (text_[at_] != ',') refuse(at_, "a comma or a space is missing after the option", "");
      ++at_;
    }
    if (signer.valid_after && signer.valid_before && *signer.valid_before <= *signer.valid_after) {
      refuse(signer.place.column - 1, "valid-before is not later than valid-after", "swap or fix them");
    }
    skip_blanks();
  }

  void option(AllowedSigner& signer) {
    const auto start = at_;
    while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '=' && text_[at_] != ',') ++at_;
    const auto name = text_.substr(start, at_ - start);
    if (same_but_for_case(name, "cert-authority")) {
      refuse(start,
             "cert-authority is not supported: Greenwave cannot check signatures made with certificates yet",
             "list each signer's own key instead");
    }
    const bool spaces = same_but_for_case(name, "namespaces");
    const bool after = same_but_for_case(name, "valid-after");
    if (!spaces && !after && !same_but_for_case(name, "valid-before")) {
      refuse(start, fmt::format("\"{}\" is neither an option nor a key type", printable(name.substr(0, 64))),
             "options are namespaces=\"…\", valid-after=\"…\" and valid-before=\"…\"");
    }
    if (at_ == text_.size() || text_[at_] != '=') {
      refuse(at_, fmt::format("{} has no value", name), fmt::format("write {}=\"…\"", name));
    }
    const auto value_at = ++at_;
    auto value = quoted(name);
    const auto twice = [&] {
      refuse(start, fmt::format("{} is given twice", name), "remove one of the two");
    };
    if (spaces) {
      if (signer.spaces) twice();
      signer.spaces = std::move(value);
      return;
    }
    auto& time = after ? signer.valid_after : signer.valid_before;
    if (time) twice();
    time = parse_time(value);
    if (!time) {
      refuse(value_at, fmt::format("\"{}\" is not a time", printable(value.substr(0, 64))),
             "write YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, preferably followed by Z, for UTC");
    }
  }

  /// OpenSSH requires quotes around every value; \" is a quote inside.
  std::string quoted(std::string_view name) {
    const auto start = at_;
    if (at_ == text_.size() || text_[at_] != '"') {
      refuse(start, fmt::format("the value of {} is not in quotes", name),
             fmt::format("write {}=\"…\"", name));
    }
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return value;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '"') ++at_;
      value += text_[at_];
    }
    refuse(start, "the quote is not closed", "close it with a \"");
  }

  bool key(AllowedSigner& signer) {
    const auto type_at = at_;
    const auto type = word_here();
    if (!is_key_type(type)) {
      refuse(type_at, fmt::format("\"{}\" is not a key type", printable(type.substr(0, 64))),
             std::string(form));
    }
    at_ += type.size();
    skip_blanks();
    const auto key_at = at_;
    const auto remedy = "copy the line of the signer's .pub file";
    try {
      signer.key = decode_base64(word_here());
    } catch (const Error&) {
      refuse(key_at, "the key is not base64", remedy);
    }
    if (signer.key.empty()) refuse(key_at, "the key is missing", remedy);
    try {
      if (const auto own = key_type(signer.key); !own.empty() && own != type)
        refuse(key_at, "the key is not of the type that the line says", remedy);
      check_key(signer.key);
    } catch (const Error& error) {
      if (error.fault() == Fault::invalid) refuse(key_at, error.message(), remedy);
      problems_.warning(place(type_at), error.message() + ": the line is ignored", error.remedy());
      return false;
    }
    return true;
  }

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::uint32_t number_;
  Problems& problems_;
  std::size_t at_ = 0;
};

}  // namespace

std::string principal_of(const AllowedSigner& signer, std::string_view email) {
  if (matches_pattern_list(email, signer.principals)) return printable(email);
  for (const auto pattern : split(signer.principals, ',')) {
    if (!pattern.empty() && pattern[0] != '!') return printable(pattern);
  }
  return {};
}

std::vector<AllowedSigner> parse_allowed_signers(std::string_view text, const std::string& file,
                                                 Problems& problems) {
  const auto name = std::make_shared<const std::string>(file);
  std::vector<AllowedSigner> signers;
  if (text.size() > largest_file) {
    problems.error({name, 0, 0}, fmt::format("the file is larger than {}", bytes_in_words(largest_file)),
                   "list only the keys that may sign commits for this device");
    return signers;
  }
  std::uint32_t number = 0;
  while (!text.empty() && problems.size() < most_problems) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    try {
      if (auto signer = Line(line, name, number, problems).read()) signers.push_back(std::move(*signer));
    } catch (const Refused&) {
      continue;
    }
  }
  return signers;
}

}  // namespace greenwave::git
