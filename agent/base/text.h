#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

/// Changes the letters of ASCII alone.
std::string in_lower_case(std::string_view text);
std::string in_upper_case(std::string_view text);

/// Whether the texts differ at most in the case of ASCII letters.
bool same_but_for_case(std::string_view a, std::string_view b);

/// Whether a path is the directory, or in it; neither ends with a slash.
bool is_at_or_below(std::string_view path, std::string_view directory);

/// The candidate that a person most likely meant by `word`; empty when none is close.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "12 objects", "1 object".
std::string count_of(std::size_t count, std::string_view singular);

/// "512 B", "1.4 KiB", "37 MiB".
std::string bytes_in_words(unsigned long long bytes);

/// Whether `bytes` is valid UTF-8 without control characters other than tab, newline and carriage return.
bool is_text(std::string_view bytes);

/// One line that outside bytes can't forge or hide a part of, on a terminal, in a log or on a page: what
/// begins a new line or column becomes a blank; control characters, invalid UTF-8, and what is not seen but
/// changes the order or look of its neighbours (bidirectional controls, invisible operators, tags) become
/// U+FFFD.
std::string printable(std::string_view bytes);

/// The same for text of several lines: newlines and tabs stay, and CRLF becomes a newline.
std::string printable_lines(std::string_view bytes);

/// Printable, and cut after `most` bytes.
std::string in_one_line(std::string_view bytes, std::size_t most);
/// The same for text of several lines.
std::string in_lines(std::string_view bytes, std::size_t most);

}  // namespace greenwave
