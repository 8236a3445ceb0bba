#pragma once

#include <string>
#include <string_view>

namespace greenwave::cli::markdown {

// Text that a repository chose, in GitHub's and GitLab's Markdown (CommonMark 0.30 and GFM's tables). It is
// shown as it is: it forms no markup, hides nothing that follows it, and mentions nobody. All take and return
// one line.

/// In a sentence.
std::string escaped(std::string_view text);

/// As code; nothing for an empty text.
std::string code(std::string_view text);

/// Inside of an HTML element.
std::string html(std::string_view text);

/// Code or plain words as the cell of a table.
std::string cell(std::string text);

}  // namespace greenwave::cli::markdown
