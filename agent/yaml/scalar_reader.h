#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/problem.h"
#include "yaml/events.h"
#include "yaml/node.h"
#include "yaml/scalar.h"
#include "yaml/scalar_source.h"

namespace greenwave::yaml {

/// A key of a map as it is read.
struct Key {
  std::string text;
  Place place;
  Value value;          ///< kubectl has keys of other types, until it makes texts of them
  bool merges = false;  ///< <<
};

/// Reads the scalars of one file, in its order.
class ScalarReader {
 public:
  /// `is_json`: the whole text is JSON. The text and references must outlive it.
  ScalarReader(std::string_view text, std::shared_ptr<const std::string> file, Events& events,
               Problems& problems, bool is_json);

  /// `flow`: it is between braces or brackets.
  Node value(const Event& event, Dialect dialect, bool flow);
  Key key(const Event& event, Dialect dialect);
  /// The key that an alias of `node` is.
  Key key_from(const Node& node, const Place& place, Dialect dialect);

 private:
  Value own_value(const Event& event, const Place& place);
  Value other_value(const Event& event, const Place& place, Dialect dialect, bool flow);
  Value plain_value(const Event& event, Dialect dialect, bool flow);
  void check_escapes(const Event& event, const Place& place);
  void note(Node& node, const Event& event, Dialect dialect);
  Key checked(Key key, Dialect dialect);

  std::shared_ptr<const std::string> file_;
  Events& events_;
  Problems& problems_;
  ScalarSource source_;
  bool is_json_;
  bool may_escape_slash_;
};

}  // namespace greenwave::yaml
