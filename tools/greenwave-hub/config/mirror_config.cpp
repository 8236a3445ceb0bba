#include "config/mirror_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "config/fields.h"
#include "config/url.h"
#include "render/cluster_file.h"

namespace greenwave::hub {

namespace {

using yaml::Fields;

constexpr yaml::Limits mirror_limits{.bytes = 64 * 1024, .nodes = 1000, .depth = 8};

bool is_name(std::string_view name) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(letters) == std::string_view::npos && !name.ends_with(".tip");
}

void read_upstream_url(Fields& members, MirrorConfig::Upstream& upstream) {
  upstream.url = members.required_text("url");
  if (upstream.url.empty()) return;
  try {
    config::parse_url(upstream.url);
  } catch (const Error& error) {
    members.error("url", fmt::format("upstream: {}", error.message()), error.remedy());
  }
}

void read_upstream(const yaml::Node& node, MirrorConfig::Upstream& upstream, Problems& problems) {
  Fields members(node, "upstream", problems);
  read_upstream_url(members, upstream);
  if (const auto interval = members.duration("interval")) {
    if (*interval < std::chrono::seconds(5) || *interval > std::chrono::hours(24)) {
      members.error("interval", fmt::format("upstream: interval is {}", to_words(*interval)),
                    "write a time from 5s to 24h");
    }
    upstream.interval = *interval;
  }
  upstream.username = members.text("username").value_or(upstream.username);
  if (upstream.username.empty() || upstream.username.find_first_of(":\r\n") != std::string::npos) {
    members.error("username", "upstream: username is empty, or contains a colon or a line break");
  }
  read_path(members, "tokenFile", upstream.token_file);
  read_path(members, "sshKeyFile", upstream.ssh_key_file);
  read_path(members, "knownHostsFile", upstream.known_hosts_file);
  read_path(members, "caFile", upstream.ca_file);
  read_path(members, "webhookSecretFile", upstream.webhook_secret_file);
  upstream.signed_tips = members.flag("signedTips").value_or(false);
  if (upstream.signed_tips && !upstream.url.starts_with("https://") && !upstream.url.starts_with("file://")) {
    members.error("signedTips", "upstream: signedTips needs an https:// URL",
                  "remove it, and sign the tips here: greenwave tip sign");
  }
  members.done();
}

void read_members(const yaml::Node& document, MirrorConfig& config, Problems& problems) {
  Fields fields(document, "mirror.yaml", problems);
  read_path(fields, "socket", config.socket);
  read_path(fields, "directory", config.directory);
  read_path(fields, "hooks", config.hooks);
  config.repository = fields.required_text("repository");
  if (!config.repository.empty() && !is_name(config.repository)) {
    fields.error("repository", fmt::format("repository: {} is no name", printable(config.repository)),
                 "write the last part of the URL that devices use, such as springfield.git");
  }
  if (const auto* node = fields.map("upstream")) read_upstream(*node, config.upstream, problems);
  fields.done();
}

}  // namespace

MirrorConfig parse_mirror_config(std::string_view text, const std::string& name, Problems& problems) {
  MirrorConfig config;
  const auto document = read_document(text, name, mirror_limits, "repository: NAME.git", problems);
  if (document) read_members(*document, config, problems);
  return config;
}

MirrorConfig load_mirror_config(const std::filesystem::path& file) {
  Problems problems;
  auto config = parse_mirror_config(read_file(file, mirror_limits.bytes), file.native(), problems);
  render::throw_errors(problems);
  return config;
}

}  // namespace greenwave::hub
