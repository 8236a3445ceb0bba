#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::plan {

/// What Directories create from their sources. Names are looked up one by one, since few objects are in a
/// Directory. Throws Error (damaged) if the tree cannot be read.
class Contents {
 public:
  /// What a source has at a path.
  enum class At {
    nothing,
    directory,
    file,  ///< or a link
    below_file,
  };

  /// `tree` may be null: then there are no sources. It must outlive this.
  explicit Contents(const SourceTree* tree) : tree_(tree) {}

  bool has_source(const Desired& one) const;
  /// What the object creates from its source at the claim's path.
  At at(const Desired& one, std::string_view claim) const;
  /// The first path below `inner` that both sources have, except for directories in both. `inner` is in
  /// `outer`.
  std::optional<std::string> shared(const Desired& outer, const Desired& inner) const;

 private:
  const SourceTree* tree_;
};

}  // namespace greenwave::plan
