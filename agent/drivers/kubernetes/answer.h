#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "http/client.h"

namespace greenwave::drivers::kubernetes {

/// Parses a server's response. Throws Error (transient) if it is not JSON, or nested deeper than any object.
nlohmann::json parse_answer(std::string_view body);
/// The same, but passes each member of the top-level list `items` to `take` as it is read, and drops it then:
/// a long list is never in memory as a whole. An exception of `take` ends the parsing.
nlohmann::json parse_list(std::string_view body, const std::function<void(const nlohmann::json&)>& take);

/// The string at a path of keys; empty if there is none.
std::string text_at(const nlohmann::json& json, std::initializer_list<std::string_view> keys);
/// The value at a path of keys; null if there is none.
const nlohmann::json& at(const nlohmann::json& json, std::initializer_list<std::string_view> keys);

/// The part of a metav1.Status that says why a request failed.
struct Status {
  struct Cause {
    std::string reason;
    std::string message;  ///< may repeat values
    std::string field;
  };

  bool is_status = false;  ///< false: the response was something else
  std::string reason;
  std::string message;  ///< may repeat values of the object
  std::vector<Cause> causes;
  Duration retry_after{};

  bool has_cause(std::string_view wanted) const;
};

/// Parses one; anything else gives an empty one.
Status read_status(std::string_view body);

/// The kind of failure, by the response's status and the codes in it, never by its words. An overloaded
/// server, concurrent writers and expired credentials are transient; a conflict over a field's owner, and
/// errors in the object itself, are not. `fixed`: the request was about one version of the object
/// (Call::fixed).
Fault fault_of(const http::Response& response, bool fixed = false);

/// Whether a 500 is about the object: the server gives all other failures of its own a reason. It has none
/// for what it notices only when it decodes an object: a type that its schema does not have, bad base64.
bool is_refusal(const http::Response& response);

}  // namespace greenwave::drivers::kubernetes
