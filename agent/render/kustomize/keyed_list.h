#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problem.h"
#include "render/object/merge_keys.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// Merges two lists whose items are identified by one or two of their members, item by item: first those in
/// the patch, in its order, then the rest.
///
/// If some items of a list omit the second key (a port its protocol) and others have it, kustomize's
/// result is not what one would expect: an item of the patch may be lost. The steps here follow its own
/// (kyaml's walk of associative sequences), so that the result is the same then too.
class KeyedList {
 public:
  using Merge = std::function<bool(yaml::Node& item, yaml::Node with)>;  ///< false: nothing is left of it
  using Tidy = std::function<bool(yaml::Node& item)>;                    ///< of a new item; false: the same

  KeyedList(const Shape& shape, Merge merge, Tidy tidy, Problems& problems);

  yaml::Node::Sequence merged(yaml::Node::Sequence target, yaml::Node::Sequence patch);

 private:
  using Values = std::vector<std::string>;  ///< one a key; "" where an item has none
  using Positions = std::vector<std::size_t>;

  Values values_of(const yaml::Node& item) const;
  std::vector<Values> all_values(std::size_t target_size) const;
  bool matches(const yaml::Node& item, const Values& values, const std::vector<bool>& used) const;
  std::size_t find(std::size_t from, std::size_t to, const Values& values) const;
  void put(Positions& list, std::size_t item, const Values& values, const std::vector<bool>& used) const;
  void take_out(Positions& list, const Values& values, const std::vector<bool>& used) const;
  bool is_usable(const yaml::Node& item) const;

  const Shape& shape_;
  Merge merge_;
  Tidy tidy_;
  Problems& problems_;
  std::vector<std::string_view> keys_;
  yaml::Node::Sequence pool_;  ///< the items of the target, then those of the patch
};

}  // namespace greenwave::render::kustomize
