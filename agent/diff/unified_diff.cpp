#include "diff/unified_diff.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <git2.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/text.h"

namespace greenwave::diff {

namespace {

using Patch = std::unique_ptr<git_patch, Freed<git_patch_free>>;

/// Texts beyond this are compared by size alone: the diff's memory is a multiple of it.
constexpr std::size_t largest_text = 1024 * 1024;

std::string summary(std::string_view before, std::string_view after, const std::string& name,
                    std::string_view what) {
  return fmt::format("{}: {}, {} -> {}\n", printable(name), what, bytes_in_words(before.size()),
                     bytes_in_words(after.size()));
}

/// Every line with `sign` before it, as the one hunk of a file that appears or goes away.
std::string whole(std::string_view text, char sign, std::size_t cap) {
  std::string lines;
  lines.reserve(std::min(text.size() + text.size() / 16 + 64, cap + 256));
  while (!text.empty() && lines.size() <= cap) {
    const auto end = text.find('\n');
    lines += sign;
    lines.append(text.substr(0, end)).append("\n");
    if (end == text.npos) {
      lines += "\\ No newline at end of file\n";
      break;
    }
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string header(const std::string& name) {
  return fmt::format("--- a/{0}\n+++ b/{0}\n", printable(name));
}

std::string range(std::size_t lines) {
  return lines == 1 ? "1" : fmt::format("{},{}", lines == 0 ? 0 : 1, lines);
}

std::size_t lines_of(std::string_view text) {
  const auto newlines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return newlines + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

struct Output {
  std::string text;
  std::size_t cap;
};

int append_line(const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line, void* payload) {
  auto& out = *static_cast<Output*>(payload);
  if (line->origin == GIT_DIFF_LINE_FILE_HDR) return 0;  // names without git's "index" line are written above
  const bool body = line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
                    line->origin == GIT_DIFF_LINE_DELETION;
  if (body) out.text += line->origin;
  out.text.append(line->content, line->content_len);
  return out.text.size() > out.cap ? GIT_EUSER : 0;
}

std::string changes(std::string_view before, std::string_view after, const std::string& name,
                    std::size_t cap) {
  static std::once_flag once;
  std::call_once(once, git_libgit2_init);  // libgit2 counts its users
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags |= GIT_DIFF_FORCE_TEXT;
  git_patch* raw = nullptr;
  const int made = git_patch_from_buffers(&raw, before.data(), before.size(), name.c_str(), after.data(),
                                          after.size(), name.c_str(), &options);
  const Patch patch(raw);
  Output out{header(name), cap};
  const int printed = made == 0 ? git_patch_print(patch.get(), append_line, &out) : made;
  if (printed != 0 && printed != GIT_EUSER) {
    const auto* error = git_error_last();
    throw Error(Fault::internal, fmt::format("cannot compare two versions of {}: {}", name,
                                             error != nullptr ? error->message : "?"));
  }
  return std::move(out.text);
}

/// Cuts at the end of a line, and says so.
void shorten(std::string& text, std::size_t cap) {
  if (text.size() <= cap) return;
  const auto end = text.rfind('\n', cap);
  text.resize(end == text.npos ? cap : end);
  text += "\n… the rest of this difference is left out\n";
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, const std::string& name,
                         std::size_t cap) {
  if (before == after) return {};
  if (before.size() > largest_text || after.size() > largest_text) {
    return summary(before, after, name, "too large to show");
  }
  if (!is_text(before) || !is_text(after)) return summary(before, after, name, "binary");
  std::string diff;
  if (before.empty() || after.empty()) {
    // By far the most frequent case is a first sync, thousands of times: it needs no comparing.
    diff = fmt::format("{}@@ -{} +{} @@\n", header(name), range(lines_of(before)), range(lines_of(after)));
    diff += before.empty() ? whole(after, '+', cap) : whole(before, '-', cap);
  } else {
    diff = changes(before, after, name, cap);
  }
  shorten(diff, cap);
  return diff;
}

}  // namespace greenwave::diff
