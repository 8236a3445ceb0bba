#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::hub {

/// Where a halt is posted to.
struct WebhookPlace {
  std::string url;
  std::filesystem::path secret_file;    ///< the key of the signature
  std::filesystem::path authorities{};  ///< PEM; empty: the system's
};

/// Whom a halt is mailed to.
struct MailPlace {
  std::vector<std::string> to;  ///< at least one; checked by is_mail_address()
  std::string from;
  std::filesystem::path sendmail = "/usr/sbin/sendmail";
};

/// Where the results of a commit go.
struct CommitsPlace {
  enum class Server { github, gitlab, gitea };
  Server server = Server::github;
  std::string url;      ///< the server's, or for GitHub its API's
  std::string project;  ///< "traffic/san-francisco"
  std::filesystem::path token_file;
  std::filesystem::path authorities{};  ///< PEM; empty: the system's
};

/// The member "notices" of hub.yaml: who is told what by the hub itself.
struct NoticesConfig {
  std::optional<WebhookPlace> webhook{};
  std::optional<MailPlace> mail{};
  std::optional<CommitsPlace> commits{};
  std::string page;                          ///< the hub's, for links; may be empty
  Duration pace = std::chrono::minutes(10);  ///< between two notices of one commit
  bool tells() const { return webhook || mail; }
};

/// Reports to `problems`.
NoticesConfig read_notices(const yaml::Node& node, Problems& problems);

/// Whether it is LOCAL@DOMAIN in letters, digits and a few signs, which can be nothing else in a mail's
/// header or on a command line: less than what RFC 5321 allows.
bool is_mail_address(std::string_view text);

}  // namespace greenwave::hub
