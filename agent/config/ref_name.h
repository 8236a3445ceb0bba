#pragma once

#include <string_view>

namespace greenwave::config {

/// The rules of git-check-ref-format(1), for a branch's name or a full name under refs/.
bool is_ref_name(std::string_view name);

/// What signed tips may call a repository: up to 100 letters, digits and "._-/", the first one a letter or a
/// digit.
bool is_repository_name(std::string_view name);

}  // namespace greenwave::config
