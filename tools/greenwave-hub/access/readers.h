#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "config/role.h"
#include "http/message.h"

namespace greenwave::hub {

/// Who may read where there is no database: tokens in files, and users whom the proxy knows.
class Readers {
 public:
  /// `tokens`: files by the readers' names, read now. Throws Error for one that holds no token.
  Readers(const std::map<std::string, std::filesystem::path>& tokens, std::map<std::string, Role> users);

  /// Nothing, if the sender may read; else what it is answered.
  std::optional<HttpReply> refusal_of(const HttpRequest& request) const;

 private:
  std::map<std::string, std::string, std::less<>> names_;  ///< by the tokens' hashes
  std::map<std::string, Role> users_;
};

}  // namespace greenwave::hub
