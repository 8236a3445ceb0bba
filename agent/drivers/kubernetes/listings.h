#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "drivers/kubernetes/seen.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// The metadata of this device's objects on the server, from one list request for each kind; one for each
/// namespace if the agent impersonates users, or may not list all namespaces.
class Listings {
 public:
  explicit Listings(Server& server) : server_(server) {}

  /// Requests the lists with these objects, unless they are here already.
  void look(std::span<const Target> targets);
  /// Null: it does not exist, or no longer has our label. Throws Error if its list could not be
  /// read. Only for objects that look() was called with.
  const Seen* find(const Target& target) const;
  /// The same for any object, without throwing: null if nothing is known of it.
  const Seen* known(const Target& target) const;

 private:
  struct List {
    Resource resource;
    std::string namespace_;                                         ///< empty: all
    std::map<std::pair<std::string, std::string>, Seen> objects{};  ///< by namespace and name
    std::optional<Error> failure{};
    bool forbidden = false;
    std::string next{};  ///< the rest of a list that the server cut
  };
  using Key = std::pair<std::string, std::string>;  ///< path of the kind, namespace

  Key key_of(const Target& target, bool one_namespace) const;
  const List* list_of(const Target& target) const;
  void fill(std::span<List> lists);
  void take(List& list, http::Answer answer);

  Server& server_;
  std::map<Key, List> lists_;
};

}  // namespace greenwave::drivers::kubernetes
