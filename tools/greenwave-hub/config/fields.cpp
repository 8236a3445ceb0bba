#include "config/fields.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "http/credentials.h"
#include "yaml/load_filled.h"

namespace greenwave::hub {

std::optional<yaml::Node> read_document(std::string_view text, const std::string& name,
                                        const yaml::Limits& limits, std::string_view least,
                                        Problems& problems) {
  return yaml::load_filled(text, name, {"the configuration", fmt::format("write at least {}", least)},
                           problems, limits);
}

void read_duration(yaml::Fields& fields, const char* key, Duration least, Duration& value) {
  const auto written = fields.duration(key);
  if (!written) return;
  if (*written < least) {
    fields.error(key, fmt::format("{} is shorter than {}", key, to_words(least)),
                 fmt::format("write at least {}", to_words(least)));
    return;
  }
  value = *written;
}

void read_path(yaml::Fields& fields, const char* key, std::filesystem::path& value) {
  const auto written = fields.text(key);
  if (!written) return;
  if (!written->starts_with('/')) {
    fields.error(key, fmt::format("{}: {} is no absolute path", key, printable(*written)),
                 "begin it with a slash");
    return;
  }
  value = *written;
}

std::string read_url(yaml::Fields& fields, const char* key) {
  const auto written = fields.required_text(key);
  if (written.empty()) return {};
  try {
    return http::private_url(written, "write a token into a file, and name that");
  } catch (const Error& error) {
    fields.error(key, fmt::format("{}: {}", key, error.message()), error.remedy());
    return {};
  }
}

std::map<std::string, Role> read_users(yaml::Fields& fields) {
  std::map<std::string, Role> users;
  for (const auto& [name, word] : fields.text_map("users")) {
    const auto level = role_from(word);
    if (level) {
      users[name] = *level;
    } else {
      fields.error("users", fmt::format("users: {} is no level", printable(word)),
                   fmt::format("write one of {}", fmt::join(role_words, ", ")));
    }
  }
  return users;
}

}  // namespace greenwave::hub
