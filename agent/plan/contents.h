#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::plan {

/// What Directories make from their sources. Few objects lie in a Directory, so that names are looked up one
/// by one. Throws Error (damaged) when the tree cannot be read.
class Contents {
 public:
  /// What a source has in a place.
  enum class At {
    nothing,
    directory,
    file,  ///< or a link
    below_file,
  };

  /// Without a tree there are no sources. It must outlive this.
  explicit Contents(const SourceTree* tree) : tree_(tree) {}

  bool has_source(const Desired& one) const;
  /// What the object makes from its source where the claim is.
  At at(const Desired& one, std::string_view claim) const;
  /// The first place below `inner` for which both have something in their sources, unless that is a directory
  /// in both. `inner` lies in `outer`.
  std::optional<std::string> shared(const Desired& outer, const Desired& inner) const;

 private:
  const SourceTree* tree_;
};

}  // namespace greenwave::plan
