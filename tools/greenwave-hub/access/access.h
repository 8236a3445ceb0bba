#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "config/hub_config.h"
#include "config/role.h"
#include "database/connection.h"
#include "http/message.h"

namespace greenwave::hub {

/// Who sent a request by its certificate, which the proxy has checked.
struct DeviceCaller {
  std::string name;       ///< a device's id, or a relay's name
  bool is_relay = false;  ///< it may speak for any device of the city
};

/// Who reads or asks for something: somebody with a token, or a user whom the proxy knows.
struct Person {
  std::string name;
  Role level = Role::view;
  std::string address;
};

/// Decides who is asking. On the loop's thread.
class Access {
 public:
  /// All outlive this.
  Access(const HubConfig& config, Loop& loop, Connection& database);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  /// Reads the list of revoked certificates again, and then every minute.
  void refresh();

  /// Nothing, and `refused` says why.
  std::optional<DeviceCaller> device(const HttpRequest& request, HttpReply& refused) const;

  /// `then` gets the person, or nothing and why.
  using Then = std::function<void(std::optional<Person> person, HttpReply refused)>;
  void person(const HttpRequest& request, Role needed, Then then);

  /// Forgets what it knows of tokens, since one was ended.
  void forget_tokens() { tokens_.clear(); }

 private:
  struct Token {
    Person person;
    Instant until;
  };
  void look_up(const std::string& hash, Role needed, const std::string& address, Then then);

  const HubConfig& config_;
  Loop& loop_;
  Connection& database_;
  std::set<std::string, std::less<>> revoked_;     ///< serials
  std::unordered_map<std::string, Token> tokens_;  ///< by their hashes
  Loop::Timer timer_ = 0;
};

/// What the database keeps of a token.
std::string hash_of(std::string_view token);

/// The user whom the proxy names; nothing: none.
std::optional<std::string> user_of(const HttpRequest& request);
/// The level of a user; nothing: it has none, and the answer is unknown_user().
std::optional<Role> level_of(const std::string& user, const std::map<std::string, Role>& users);
HttpReply unknown_user(std::string_view user);
/// The token that was sent; nothing: none was, and the answer is no_person().
std::optional<std::string_view> token_of(const HttpRequest& request);
HttpReply no_person();

}  // namespace greenwave::hub
