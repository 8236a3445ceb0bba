#include "config/notices_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "config/fields.h"

namespace greenwave::hub {

namespace {

using yaml::Fields;

constexpr std::size_t most_recipients = 50;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Words of letters, digits and `more` between dots.
bool is_dotted(std::string_view text, std::string_view more) {
  return std::ranges::all_of(split(text, '.'), [more](std::string_view word) {
    const auto fits = [more](char c) {
      return is_letter_or_digit(c) || more.find(c) != std::string_view::npos;
    };
    return !word.empty() && word.front() != '-' && std::ranges::all_of(word, fits);
  });
}

void read_file_name(Fields& fields, const char* key, const char* what, std::filesystem::path& value) {
  if (!fields.has(key))
    fields.error(key, fmt::format("{} is missing", key), fmt::format("name the file with {}", what));
  read_path(fields, key, value);
}

WebhookPlace read_webhook(const yaml::Node& node, Problems& problems) {
  Fields fields(node, "webhook", problems);
  WebhookPlace place{.url = read_url(fields, "url"), .secret_file = {}};
  read_file_name(fields, "secretFile", "the key that the receiver checks the signature by",
                 place.secret_file);
  read_path(fields, "caFile", place.authorities);
  fields.done();
  return place;
}

void check_address(Fields& fields, const char* key, const std::string& address) {
  if (is_mail_address(address)) return;
  fields.error(key, fmt::format("{}: {} is no address", key, in_one_line(address, 100)),
               "write it as operations@city.example, without a name");
}

MailPlace read_mail(const yaml::Node& node, Problems& problems) {
  Fields fields(node, "mail", problems);
  MailPlace place{.to = fields.texts("to"), .from = fields.required_text("from")};
  if (place.to.empty() || place.to.size() > most_recipients) {
    fields.error("to", fmt::format("to has not 1 to {} addresses", most_recipients),
                 "write to: [operations@city.example]");
  }
  for (const auto& address : place.to) check_address(fields, "to", address);
  if (!place.from.empty()) check_address(fields, "from", place.from);
  read_path(fields, "sendmail", place.sendmail);
  fields.done();
  return place;
}

CommitsPlace read_commits(const yaml::Node& node, Problems& problems) {
  Fields fields(node, "commits", problems);
  CommitsPlace place;
  const auto server = fields.word("server", {"github", "gitlab", "gitea"}).value_or("");
  if (!fields.has("server"))
    fields.error("server", "server is missing", "write github, gitlab or gitea, which is Forgejo's too");
  place.server = server == "gitlab"  ? CommitsPlace::Server::gitlab
                 : server == "gitea" ? CommitsPlace::Server::gitea
                                     : CommitsPlace::Server::github;
  if (fields.has("url")) {
    place.url = read_url(fields, "url");
  } else if (server == "gitea") {
    fields.error("url", "url is missing", "write the server's, as https://git.example");
  } else {
    place.url = server == "gitlab" ? "https://gitlab.com" : "https://api.github.com";
  }
  place.project = fields.required_text("project");
  if (!place.project.empty() &&
      (place.project.find('/') == std::string::npos || place.project.size() > 300 ||
       !std::ranges::all_of(split(place.project, '/'), [](auto part) { return is_dotted(part, "-_"); }))) {
    fields.error("project", fmt::format("project: {} is no project", in_one_line(place.project, 100)),
                 "write OWNER/NAME");
  }
  read_file_name(fields, "tokenFile", "a token that may set a commit's status", place.token_file);
  read_path(fields, "caFile", place.authorities);
  fields.done();
  return place;
}

}  // namespace

bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || text.size() > 254) return false;
  const auto local = text.substr(0, at);
  return local.size() <= 64 && is_dotted(local, "_-+%=") && is_dotted(text.substr(at + 1), "-");
}

NoticesConfig read_notices(const yaml::Node& node, Problems& problems) {
  Fields fields(node, "notices", problems);
  NoticesConfig config;
  if (const auto* webhook = fields.map("webhook")) config.webhook = read_webhook(*webhook, problems);
  if (const auto* mail = fields.map("mail")) config.mail = read_mail(*mail, problems);
  if (const auto* commits = fields.map("commits")) config.commits = read_commits(*commits, problems);
  if (fields.has("page")) config.page = read_url(fields, "page");
  read_duration(fields, "pace", std::chrono::seconds(1), config.pace);
  fields.done();
  return config;
}

}  // namespace greenwave::hub
