#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/entry.h"

namespace greenwave::plan {

/// Who has what on the device now: the inventory, read by place. An object has what its entry claims, and a
/// Directory also each file that it made from its source. Whatever moves, removes or purges asks here first,
/// when it acts: nobody takes a place that another still has, and nobody removes what has become another's.
class Places {
 public:
  struct Held {
    std::string_view claim;
    const ObjectId* by;
  };

  Places() = default;
  explicit Places(std::span<const Entry> inventory);
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  /// What the entry's object has now; replaces what it had.
  void put(const Entry& entry);
  void forget(const ObjectId& id);
  /// `leaving` goes when `successor` has taken over: until then it is not in the way of that one, but of all
  /// others.
  void yield(const ObjectId& leaving, const ObjectId& successor);

  /// Who has the claim; seldom more than one. Valid until the next change.
  std::vector<const ObjectId*> at(std::string_view claim) const;
  /// Another than `id` that has it; null: nobody.
  const ObjectId* other_at(std::string_view claim, const ObjectId& id) const;
  const ObjectId* other_at_path(std::string_view path, const ObjectId& id) const;
  /// Whether the object has begun to take a path, and nothing is known to be its own there.
  bool has_only_begun(const ObjectId& id, std::string_view path) const;
  /// What others than `id` have below it, in order.
  std::vector<Held> others_below(std::string_view claim, const ObjectId& id) const;

 private:
  struct Having {
    std::vector<std::string> claims;
    bool intended = false;
    std::vector<std::string> signed_paths;  ///< of an intended one
    std::vector<std::string> files;         ///< of a Directory, from its source: as claims, sorted
  };

  bool is_in_the_way(const ObjectId& other, const ObjectId& id) const;

  std::unordered_map<ObjectId, Having> objects_;
  std::unordered_map<ObjectId, std::vector<ObjectId>> successors_;
  std::map<std::string, std::vector<const ObjectId*>, std::less<>> claims_;
  /// Directories with files, by the claim of the directory itself.
  std::map<std::string, std::vector<const ObjectId*>, std::less<>> trees_;
};

inline constexpr std::string_view path_claim = "path:";

/// "path:/etc/motd" for people: "path /etc/motd".
std::string claim_in_words(std::string_view claim);

/// An object of this kind may have others below its paths.
inline bool is_directory(const ObjectId& id) {
  return id.kind == "Directory";
}

}  // namespace greenwave::plan
