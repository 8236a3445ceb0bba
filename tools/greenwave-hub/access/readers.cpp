#include "access/readers.h"

#include <utility>

#include "access/access.h"
#include "http/credentials.h"

namespace greenwave::hub {

Readers::Readers(const std::map<std::string, std::filesystem::path>& tokens,
                 std::map<std::string, Role> users)
    : users_(std::move(users)) {
  for (const auto& [name, file] : tokens) {
    names_.emplace(
        hash_of(http::read_token(file, "put a word there that nobody can guess: openssl rand -hex 24")),
        name);
  }
}

std::optional<HttpReply> Readers::refusal_of(const HttpRequest& request) const {
  if (const auto user = user_of(request)) {
    if (!users_.empty()) return level_of(*user, users_) ? std::nullopt : std::optional(unknown_user(*user));
  }
  const auto token = token_of(request);
  return token && names_.contains(hash_of(*token)) ? std::nullopt : std::optional(no_person());
}

}  // namespace greenwave::hub
