#include "admin/check.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "config/cities_config.h"
#include "config/config.h"
#include "config/hub_config.h"
#include "config/mirror_config.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_read = 1 << 20;

/// A file may come later: a token, for one, is read again for each question.
void look_at(const char* key, const std::filesystem::path& file, Checked& checked) {
  if (file.empty()) return;
  try {
    static_cast<void>(read_file(file, most_read));
  } catch (const Error& error) {
    checked.warnings.push_back(fmt::format("{}: {}", key, error.what()));
  }
}

void look_at(const std::vector<CityHub>& cities, Checked& checked) {
  for (const auto& one : cities) {
    look_at("cities: tokenFile", one.token_file, checked);
    look_at("cities: caFile", one.authorities, checked);
  }
}

void look_at(const NoticesConfig& notices, Checked& checked) {
  if (notices.webhook) {
    look_at("notices: webhook: secretFile", notices.webhook->secret_file, checked);
    look_at("notices: webhook: caFile", notices.webhook->authorities, checked);
  }
  if (notices.mail && !std::filesystem::exists(notices.mail->sendmail)) {
    checked.warnings.push_back(
        fmt::format("notices: mail: sendmail: there is no {}", notices.mail->sendmail.native()));
  }
  if (notices.commits) {
    look_at("notices: commits: tokenFile", notices.commits->token_file, checked);
    look_at("notices: commits: caFile", notices.commits->authorities, checked);
  }
}

void look_at_repository(const std::filesystem::path& follow, Checked& checked) {
  if (follow.empty()) return;
  try {
    static_cast<void>(config::load_config(follow, "/"));
  } catch (const Error& error) {
    checked.warnings.push_back(fmt::format("follow: there would be no inventory: {}", error.what()));
  }
}

}  // namespace

Checked check_hub(const std::filesystem::path& file) {
  const auto config = load_hub_config(file);
  Checked checked{.verdict = fmt::format("{} is valid: a hub for {}", file.native(), config.city)};
  look_at_repository(config.follow, checked);
  look_at(config.notices, checked);
  look_at(config.cities, checked);
  return checked;
}

Checked check_cities(const std::filesystem::path& file) {
  const auto config = load_cities_config(file);
  Checked checked{.verdict = fmt::format("{} is valid: {} cities", file.native(), config.cities.size())};
  for (const auto& [name, token] : config.readers) look_at("readers", token, checked);
  look_at(config.cities, checked);
  return checked;
}

Checked check_mirror(const std::filesystem::path& file) {
  const auto config = load_mirror_config(file);
  Checked checked{.verdict = fmt::format("{} is valid: a mirror of {}", file.native(), config.repository)};
  const auto& upstream = config.upstream;
  look_at("upstream: tokenFile", upstream.token_file, checked);
  look_at("upstream: sshKeyFile", upstream.ssh_key_file, checked);
  look_at("upstream: knownHostsFile", upstream.known_hosts_file, checked);
  look_at("upstream: caFile", upstream.ca_file, checked);
  look_at("upstream: webhookSecretFile", upstream.webhook_secret_file, checked);
  return checked;
}

}  // namespace greenwave::hub
