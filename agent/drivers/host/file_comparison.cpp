#include "drivers/host/file_comparison.h"

#include <climits>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "diff/unified_diff.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_shown = 1024 * 1024;
constexpr std::size_t most_kept = 4 * 1024;

void refuse_in_the_way(const Wanted& wanted, const struct stat& about) {
  if (S_ISREG(about.st_mode) || S_ISLNK(about.st_mode)) return;
  const bool directory = S_ISDIR(about.st_mode);
  throw Error(
      Fault::conflict,
      fmt::format("{} is a {}, where a {} should be", wanted.path, directory ? "directory" : "special file",
                  wanted.attributes.type == S_IFLNK ? "link" : "file"),
      directory ? "remove the directory, or choose another path" : "remove it, or choose another path");
}

std::string link_target(const Spot& at, const std::string& path) {
  char target[PATH_MAX];
  const auto size = ::readlinkat(at.directory, at.name.c_str(), target, sizeof target);
  if (size < 0) throw path_error("read the link", path);
  return {target, static_cast<std::size_t>(size)};
}

/// What was at the path, as far as the history may keep it.
struct Present {
  std::string summary;               ///< "mode 0644, owner 0:0, 12 KiB, sha256 …", "a link to …"
  std::optional<std::string> bytes;  ///< of a file that is small enough to show
  std::string size;
};

Present read_present(const Spot& at, const struct stat& about, const std::string& path, bool shows) {
  if (S_ISLNK(about.st_mode)) {
    return {shows ? fmt::format("a link to {}", printable(link_target(at, path))) : "a link", {}, "a link"};
  }
  Present present;
  present.summary = in_words(attributes_of(about));
  present.size = bytes_in_words(static_cast<unsigned long long>(about.st_size));
  if (!shows) return present;
  if (about.st_size > static_cast<off_t>(most_shown)) {
    present.summary += ", " + present.size;
    return present;
  }
  const Fd fd(::openat(at.directory, at.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat opened {};
  if (!fd || ::fstat(fd.get(), &opened) != 0) throw path_error("read", path);
  // Another one has come there since, which not everybody may read perhaps.
  if (opened.st_dev != about.st_dev || opened.st_ino != about.st_ino) return present;
  present.bytes = read_all(fd.get(), 2 * most_shown, path);
  if (present.bytes->size() <= most_kept && is_text(*present.bytes)) {
    present.summary += fmt::format(", {}\n{}", present.size, *present.bytes);
  } else {
    present.summary += fmt::format(", {}, sha256 {}", present.size, to_hex(sha256(*present.bytes)));
  }
  return present;
}

std::string name_in_diff(const std::string& path) {
  return path.substr(1);
}

constexpr std::string_view not_shown = "(not shown: not everybody on this device may read it)";

mode_t mode_of(const Attributes& attributes) {
  return attributes.type == S_IFLNK ? 0777 : attributes.mode;
}

std::string new_content(const Wanted& wanted, bool shows) {
  if (wanted.sensitive) return fmt::format("{}: changed (sensitive)\n", wanted.path);
  if (!shows) {
    return fmt::format("{}: {} of {} {}\n", wanted.path,
                       wanted.attributes.type == S_IFLNK ? "a link" : "a new file",
                       bytes_in_words(wanted.content.size()), not_shown);
  }
  if (wanted.attributes.type == S_IFLNK) {
    return fmt::format("{}: a link to {}\n", wanted.path, printable(wanted.content));
  }
  auto diff = diff::unified_diff({}, wanted.content, name_in_diff(wanted.path));
  return diff.empty() ? fmt::format("{}: an empty file\n", wanted.path) : diff;
}

std::string changed_content(const Wanted& wanted, const Present& present, bool shows) {
  if (wanted.sensitive) return fmt::format("{}: changed (sensitive)\n", wanted.path);
  if (!shows) {
    return fmt::format("{}: content changed, {} -> {} {}\n", wanted.path, present.size,
                       bytes_in_words(wanted.content.size()), not_shown);
  }
  if (wanted.attributes.type == S_IFLNK) {
    return fmt::format("{}: {} -> a link to {}\n", wanted.path, present.size, printable(wanted.content));
  }
  const auto size = bytes_in_words(wanted.content.size());
  if (present.size == "a link")
    return fmt::format("{}: {} -> a file of {}\n", wanted.path, present.summary, size);
  if (!present.bytes) {
    return fmt::format(
        "{}: content changed, {} -> {} (not shown: it is large, or not everybody may read it)\n", wanted.path,
        present.size, size);
  }
  return diff::unified_diff(*present.bytes, wanted.content, name_in_diff(wanted.path));
}

}  // namespace

std::string in_words(const Attributes& attributes) {
  return fmt::format("mode {:04o}, owner {}:{}", attributes.mode, attributes.uid.value_or(0),
                     attributes.gid.value_or(0));
}

std::optional<FileSignature> as_wanted(Parents& parents, const Wanted& wanted, const FileSignature* known) {
  struct stat about {};
  if (!parents.look(wanted.path, about)) return {};
  refuse_in_the_way(wanted, about);
  if (!attribute_difference(wanted.attributes, about).empty()) return {};
  if (static_cast<std::size_t>(about.st_size) != wanted.content.size()) return {};
  const auto content = content_digest(parents.host(), wanted.content);
  const bool unchanged = known != nullptr && same_lstat(*known, about);
  if (unchanged && known->content == content) return *known;
  if (unchanged) return {};
  const auto at = *parents.find(wanted.path);
  if (content_digest(parents.host(), at, about, wanted.path, wanted.content.size()) != content) return {};
  return signature_of(wanted.path, about, content);
}

plan::Difference compare_with_nothing(Parents& parents, Readers& readers, const Wanted& wanted,
                                      bool describe) {
  plan::Difference difference;
  difference.kind = plan::Difference::Kind::create;
  if (!describe) return difference;
  difference.diff =
      new_content(wanted, readers.are_everybody(parents, wanted.path, mode_of(wanted.attributes)));
  return difference;
}

void note_missing(const Error& missing, const std::string& path, plan::Difference& difference) {
  difference.missing = missing.what();
  difference.diff += fmt::format("{}: {} yet\n", path, missing.message());
  if (difference.kind == plan::Difference::Kind::none) difference.kind = plan::Difference::Kind::change;
}

plan::Difference compare(Parents& parents, Readers& readers, const Wanted& wanted, const FileSignature* known,
                         bool describe) {
  struct stat about {};
  if (!parents.look(wanted.path, about)) return compare_with_nothing(parents, readers, wanted, describe);
  plan::Difference difference;
  if (as_wanted(parents, wanted, known)) return difference;
  const auto at = *parents.find(wanted.path);
  difference.kind = plan::Difference::Kind::change;
  if (wanted.sensitive) {
    difference.diff = fmt::format("{}: changed (sensitive)\n", wanted.path);
    difference.was = S_ISLNK(about.st_mode) ? "a link" : in_words(attributes_of(about));
    return difference;
  }
  const auto present =
      read_present(at, about, wanted.path, readers.are_everybody(parents, wanted.path, about.st_mode));
  difference.was = present.summary;
  if (const auto words = attribute_difference(wanted.attributes, about); !words.empty()) {
    difference.diff = fmt::format("{}: {}\n", wanted.path, words);
  }
  const bool same = static_cast<std::size_t>(about.st_size) == wanted.content.size() &&
                    (about.st_mode & S_IFMT) == wanted.attributes.type &&
                    content_digest(parents.host(), at, about, wanted.path, wanted.content.size()) ==
                        content_digest(parents.host(), wanted.content);
  if (!same) {
    const bool shows = readers.are_everybody(parents, wanted.path, mode_of(wanted.attributes));
    difference.diff += changed_content(wanted, present, shows);
  }
  return difference;
}

}  // namespace greenwave::drivers::host
