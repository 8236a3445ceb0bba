#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "drivers/driver.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Compares manifests with the server, many at once. Where needed, the server itself says what an apply would
/// result in (server-side apply with dryRun); for new objects and changed manifests only if people want to
/// see the difference.
class Preview {
 public:
  explicit Preview(Server& server) : server_(server) {}

  void look(std::span<const Candidate> candidates, const LookOptions& options);
  /// Removes and returns what was found; nothing if it was not looked for. Throws Error if this one object
  /// cannot be compared.
  std::optional<plan::Difference> take(const ObjectId& id);

 private:
  struct Asking;
  struct Found {
    plan::Difference difference{};
    std::optional<Error> failure{};
  };

  void probe(std::vector<Asking> askings);
  std::vector<Asking> probe_by_list(std::vector<Asking> askings);
  void is_there(const Asking& asking, const nlohmann::json& object);
  void compare(std::vector<Asking>& askings);
  void settle_conflicts(const std::vector<Asking>& askings, std::vector<http::Answer>& answers);
  void judge(const Asking& asking, const http::Answer& live, const http::Answer& wanted);
  void judge_refused(const Asking& asking, const nlohmann::json& present, const http::Answer& wanted);
  void refuse(const Asking& asking, const http::Answer& answer, std::string_view verb);

  Server& server_;
  std::unordered_map<ObjectId, Found> found_;
};

}  // namespace greenwave::drivers::kubernetes
