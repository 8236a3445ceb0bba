#include "hub/place.h"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "http/credentials.h"
#include "render/cluster_file.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_authorities = 1 << 20;
constexpr yaml::Limits limits{.bytes = 64 * 1024, .nodes = 100, .depth = 4};

/// What hub_file() says.
struct Written {
  std::string url;
  std::filesystem::path token_file;
  std::filesystem::path ca_file;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::filesystem::path path_field(yaml::Fields& fields, const char* key) {
  const std::filesystem::path path = fields.text(key).value_or("");
  return path.empty() || path.is_absolute() ? path : hub_file().parent_path() / path;
}

Written read_hub_file() {
  const auto file = hub_file();
  std::error_code failure;
  if (file.empty() || !std::filesystem::exists(file, failure)) return {};
  Problems problems;
  Written written;
  if (const auto document = yaml::load(read_file(file, limits.bytes), file.native(), problems, limits)) {
    yaml::Fields fields(*document, "hub.yaml", problems);
    written.url = fields.required_text("url");
    written.token_file = path_field(fields, "tokenFile");
    written.ca_file = path_field(fields, "caFile");
    fields.done();
  }
  render::throw_errors(problems);
  return written;
}

std::string checked(std::string url) {
  return http::private_url(std::move(url), "name the token's file with --token-file");
}

constexpr std::string_view what_belongs_there = "put the token there that greenwave-hub token add printed";

}  // namespace

void add_hub_options(CommandLine& line, HubOptions& options) {
  line.option("--hub", options.url,
              "The city's hub, if not the one of GREENWAVE_HUB or ~/.config/greenwave/hub.yaml")
      .value_name("URL");
  line.option("--token-file", options.token_file,
              "The file with the token, if it is not in GREENWAVE_HUB_TOKEN")
      .value_name("FILE");
  line.option("--ca", options.ca_file,
              "The authorities that may sign the hub's certificate, not the system's")
      .value_name("FILE");
}

std::filesystem::path hub_file() {
  const auto home = variable("HOME");
  return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".config/greenwave/hub.yaml";
}

HubPlace hub_place(const HubOptions& options) {
  const auto named = options.url.empty() ? variable("GREENWAVE_HUB") : options.url;
  const bool needs_file = named.empty() || options.token_file.empty() || options.ca_file.empty();
  const auto written = needs_file ? read_hub_file() : Written{};
  if (named.empty() && written.url.empty()) {
    throw Error(Fault::invalid, "no hub is named",
                fmt::format("pass --hub URL; or set GREENWAVE_HUB; or write url: https://hub.example to {}",
                            hub_file().native()));
  }
  HubPlace place;
  place.url = checked(named.empty() ? written.url : named);
  const bool is_written = !written.url.empty() && checked(written.url) == place.url;
  const auto token = variable("GREENWAVE_HUB_TOKEN");
  if (!options.token_file.empty()) {
    place.token = read_token(options.token_file);
  } else if (!token.empty()) {
    place.token = http::token_in(token, "GREENWAVE_HUB_TOKEN", what_belongs_there);
  } else if (is_written && !written.token_file.empty()) {
    place.token = read_token(written.token_file);
  }
  const auto& authorities = options.ca_file.empty() && is_written ? written.ca_file : options.ca_file;
  if (!authorities.empty()) place.authorities = read_file(authorities, most_authorities);
  return place;
}

std::optional<HubPlace> configured_hub() {
  if (variable("GREENWAVE_HUB").empty() && read_hub_file().url.empty()) return {};
  return hub_place({});
}

std::string read_token(const std::filesystem::path& file) {
  return http::read_token(file, what_belongs_there);
}

}  // namespace greenwave::cli
