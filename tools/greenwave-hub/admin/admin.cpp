#include "admin/admin.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include "access/access.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "database/migrations.h"
#include "enrol/authority.h"

namespace greenwave::hub {

namespace {

constexpr auto server_life = std::chrono::hours(24 * 825);

/// One statement to a database that is brought to the schema first.
Answer run(const HubConfig& config, const std::string& sql, const std::vector<std::string>& values) {
  migrate(config.database, Log(Level::warning));
  const RawConnection raw(PQconnectdb(config.database.c_str()));
  std::vector<const char*> texts;
  for (const auto& value : values) texts.push_back(value.c_str());
  RawResult result(PQexecParams(raw.get(), sql.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(),
                                nullptr, nullptr, 0));
  const auto status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return Answer(std::move(result));
  throw Error(Fault::transient, fmt::format("the database: {}", printable(trim(PQerrorMessage(raw.get())))));
}

std::string new_token() {
  unsigned char random[24] = {};
  if (RAND_bytes(random, sizeof random) != 1) throw Error(Fault::internal, "there are no random numbers");
  auto text = encode_raw_base64({reinterpret_cast<const char*>(random), sizeof random});
  for (auto& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return "gwt_" + text;
}

}  // namespace

std::string add_token(const HubConfig& config, const std::string& name, Role level,
                      std::optional<Duration> life) {
  auto token = new_token();
  const auto seconds =
      life ? fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(*life).count()) : "";
  run(config,
      "INSERT INTO greenwave.tokens (city, name, hash, level, made, expires) VALUES ($1, $2, $3, $4, now(), "
      "now() + make_interval(secs => nullif($5, '')::float8)) ON CONFLICT (city, name) DO UPDATE SET "
      "hash = EXCLUDED.hash, level = EXCLUDED.level, made = EXCLUDED.made, expires = EXCLUDED.expires",
      {config.city, name, hash_of(token), std::string(to_string(level)), seconds});
  return token;
}

std::string list_tokens(const HubConfig& config) {
  const auto answer = run(
      config,
      "SELECT name, level, to_char(made, 'YYYY-MM-DD'), coalesce(to_char(expires, 'YYYY-MM-DD'), 'never') "
      "FROM greenwave.tokens WHERE city = $1 ORDER BY name",
      {config.city});
  auto text = fmt::format("{:<24} {:<10} {:<10} {}\n", "NAME", "LEVEL", "MADE", "EXPIRES");
  for (int row = 0; row < answer.rows(); ++row) {
    text += fmt::format("{:<24} {:<10} {:<10} {}\n", answer.text(row, 0), answer.text(row, 1),
                        answer.text(row, 2), answer.text(row, 3));
  }
  return text;
}

void remove_token(const HubConfig& config, const std::string& name) {
  const auto answer = run(config, "DELETE FROM greenwave.tokens WHERE city = $1 AND name = $2 RETURNING name",
                          {config.city, name});
  if (answer.rows() == 0) {
    throw Error(Fault::invalid, fmt::format("there is no token {}", printable(name)),
                "see greenwave-hub token list");
  }
}

void make_server_certificate(const HubConfig& config, const std::string& host, Time now) {
  const auto directory = config.authority();
  const Authority authority(directory, config.city, now);
  const auto made = make_key(host);
  const auto issued = authority.sign(SigningRequest(made.request), host, Use::server, now + server_life);
  replace_file(directory / "server.key", made.key, 0600);
  replace_file(directory / "server.crt", issued.certificate, 0644);
}

}  // namespace greenwave::hub
