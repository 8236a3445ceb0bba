#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/problem.h"
#include "yaml/events.h"
#include "yaml/node.h"
#include "yaml/scalar_reader.h"

namespace greenwave::yaml {

/// Puts one map together from its keys and values, with what << merges into it.
///
/// Dialect::own and kustomize: every key once, and a key that is written comes before one that is merged.
/// kubectl goes from one to the next, and the last one wins; but which object it is has to be said once.
class MapReader {
 public:
  /// The references must outlive it.
  MapReader(Place place, Dialect dialect, bool is_object, Events& events, Problems& problems);

  void add(Key key, Node value);
  /// `is_alias`: the value is not written there.
  void merge(const Key& key, Node value, bool is_alias);
  Node finish();

 private:
  struct Seen {
    Place place;
    std::size_t index = 0;
    Value value;
    bool merged = false;
  };

  void put(Key key, Node value, bool merged);
  void replace(const Seen& seen, const Key& key, bool merged);
  void put_all(Node map);

  Node result_;
  Dialect dialect_;
  bool is_object_;
  Events& events_;
  Problems& problems_;
  std::map<std::string, Seen, std::less<>> seen_;
  std::vector<Node> merged_;  ///< to be added at the end
  bool has_merge_ = false;
};

}  // namespace greenwave::yaml
