#include "config/hub_config.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "render/cluster_file.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace greenwave::hub {

namespace {

using yaml::Fields;

constexpr yaml::Limits limits{.bytes = 256 * 1024, .nodes = 10'000, .depth = 16};

void read_duration(Fields& fields, const char* key, Duration least, Duration& value) {
  const auto written = fields.duration(key);
  if (!written) return;
  if (*written < least) {
    fields.error(key, fmt::format("{} is shorter than {}", key, to_words(least)),
                 fmt::format("write at least {}", to_words(least)));
    return;
  }
  value = *written;
}

void read_path(Fields& fields, const char* key, std::filesystem::path& value) {
  const auto written = fields.text(key);
  if (!written) return;
  if (!written->starts_with('/')) {
    fields.error(key, fmt::format("{}: {} is no absolute path", key, printable(*written)),
                 "begin it with a slash");
    return;
  }
  value = *written;
}

void read_users(Fields& fields, HubConfig& config) {
  for (const auto& [name, word] : fields.text_map("users")) {
    const auto level = role_from(word);
    if (level) {
      config.users[name] = *level;
    } else {
      fields.error("users", fmt::format("users: {} is no level", printable(word)),
                   fmt::format("write one of {}", fmt::join(role_words, ", ")));
    }
  }
}

void read_members(const yaml::Node& document, HubConfig& config, Problems& problems) {
  Fields fields(document, "hub.yaml", problems);
  config.city = fields.required_text("city");
  config.database = fields.required_text("database");
  read_path(fields, "socket", config.socket);
  read_path(fields, "stateDirectory", config.state_directory);
  read_path(fields, "follow", config.follow);
  if (const auto* node = fields.map("devices")) {
    Fields devices(*node, "devices", problems);
    read_duration(devices, "heartbeat", std::chrono::seconds(1), config.heartbeat);
    read_duration(devices, "silentAfter", std::chrono::seconds(2), config.silent_after);
    if (config.silent_after < config.heartbeat * 2) {
      devices.error("silentAfter",
                    "silentAfter is shorter than two heartbeats: devices would be silent by chance",
                    fmt::format("write at least {}", to_words(config.heartbeat * 2)));
    }
    config.enrols = devices.word("certificates", {"own", "external"}).value_or("own") == "own";
    read_duration(devices, "certificateLife", std::chrono::hours(24), config.certificate_life);
    config.relays = devices.texts("relays");
    devices.done();
  }
  read_duration(fields, "keepHistory", std::chrono::hours(24 * 31), config.keep_history);
  read_users(fields, config);
  fields.done();
}

}  // namespace

HubConfig parse_hub_config(std::string_view text, const std::string& name, Problems& problems) {
  HubConfig config;
  const auto already = problems.size();
  const auto document = yaml::load(text, name, problems, limits);
  if (document) {
    read_members(*document, config, problems);
  } else if (problems.size() == already) {
    problems.error({std::make_shared<const std::string>(name), 1, 1}, "the configuration is empty",
                   "write at least city: NAME and database: host=/run/postgresql dbname=greenwave");
  }
  return config;
}

HubConfig load_hub_config(const std::filesystem::path& file) {
  Problems problems;
  auto config = parse_hub_config(read_file(file, limits.bytes), file.native(), problems);
  render::throw_errors(problems);
  return config;
}

}  // namespace greenwave::hub
