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

/// Parses what a server answered. Throws Error (transient) for what is not JSON, or nested deeper than any
/// object is.
nlohmann::json parse_answer(std::string_view body);
/// Also with each member of the top-level list `items` handed over as it comes and not kept, so that a long
/// list is never in memory as a whole. What `take` throws ends it.
nlohmann::json parse_list(std::string_view body, const std::function<void(const nlohmann::json&)>& take);

/// A text member, along keys; empty where there is none.
std::string text_at(const nlohmann::json& json, std::initializer_list<std::string_view> keys);
/// A member along keys; null where there is none.
const nlohmann::json& at(const nlohmann::json& json, std::initializer_list<std::string_view> keys);

/// The part of a metav1.Status that says why a request failed.
struct Status {
  struct Cause {
    std::string reason;
    std::string message;  ///< may repeat values
    std::string field;
  };

  std::string reason;
  std::string message;  ///< may repeat values of the object
  std::vector<Cause> causes;
  Duration retry_after{};

  bool has_cause(std::string_view wanted) const;
};

/// Reads one; anything else becomes an empty one.
Status read_status(std::string_view body);

/// What kind of failure an answer that is no success is, by its status and the codes in it: what the server
/// is too busy for, two writers at once and credentials that have to be renewed pass; a conflict of owners
/// and what it says of the object itself last.
Fault fault_of(const http::Response& response);

}  // namespace greenwave::drivers::kubernetes
