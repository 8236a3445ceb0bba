#include "git/history.h"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

class HistoryReader {
 public:
  HistoryReader(git_repository* repository, const CommitId& accepted, const CommitId& reset_by)
      : repository_(repository) {
    if (!accepted.empty()) accepted_ = to_oid(accepted);
    if (!reset_by.empty()) reset_by_ = to_oid(reset_by);
  }

  History read(const CommitId& tip) {
    add(to_oid(tip));
    // What the device has comes last: its own history is read only if there is another way into it.
    expand();
    if (accepted_at_ && !all_follow()) {
      read_parents(*accepted_at_);
      expand();
    }
    in_order();
    mark_followers();
    return std::move(history_);
  }

 private:
  using Node = History::Node;

  bool is_accepted(const git_oid& oid) const { return accepted_ && git_oid_equal(&oid, &*accepted_) != 0; }

  /// The commit's index; nothing if it is missing.
  std::optional<std::uint32_t> add(const git_oid& oid) {
    if (const auto known = indices_.find(oid); known != indices_.end()) return known->second;
    if (history_.nodes.size() >= most_history) {
      history_.is_too_long = true;
      history_.is_whole = false;
      return {};
    }
    RawCommit commit;
    const int code = git_commit_lookup(Out(commit), repository_, &oid);
    if (code == GIT_ENOTFOUND) return {};
    if (code < 0) {
      throw failure(Fault::damaged, fmt::format("read commit {}", to_hex(oid)), damaged_store_remedy);
    }
    const auto index = static_cast<std::uint32_t>(history_.nodes.size());
    indices_.emplace(oid, index);
    history_.nodes.push_back({.commit = oid, .tree = *git_commit_tree_id(commit.get())});
    if (is_accepted(oid)) accepted_at_ = index;
    return index;
  }

  void expand() {
    for (; next_ < history_.nodes.size(); ++next_) {
      if (next_ != accepted_at_) read_parents(next_);
    }
  }

  void read_parents(std::uint32_t index) {
    const auto oid = history_.nodes[index].commit;
    RawCommit commit;
    if (git_commit_lookup(Out(commit), repository_, &oid) < 0) {
      throw failure(Fault::damaged, fmt::format("read commit {}", to_hex(oid)), damaged_store_remedy);
    }
    const auto count = git_commit_parentcount(commit.get());
    for (unsigned i = 0; i < count; ++i) link(index, *git_commit_parent_id(commit.get(), i));
    if (reset_by_ && git_oid_equal(&oid, &*reset_by_) != 0 && accepted_) link(index, *accepted_);
    history_.nodes[index].is_root = count == 0;
  }

  void link(std::uint32_t child, const git_oid& parent) {
    if (const auto index = add(parent)) {
      history_.nodes[child].parents.push_back(*index);
    } else {
      history_.is_whole = false;
      if (is_accepted(parent)) history_.nodes[child].is_next_to_lost = true;
    }
  }

  /// Whether no way leads past what the device has.
  bool all_follow() const {
    if (!history_.is_whole) return false;
    for (std::uint32_t i = 0; i < history_.nodes.size(); ++i) {
      if (history_.nodes[i].parents.empty() && i != accepted_at_) return false;
    }
    return true;
  }

  /// Sorts the nodes so that each is before its parents.
  void in_order() {
    auto& nodes = history_.nodes;
    std::vector<std::uint32_t> children(nodes.size());
    for (const auto& node : nodes) {
      for (const auto parent : node.parents) ++children[parent];
    }
    std::vector<std::uint32_t> order{0};
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const auto parent : nodes[order[i]].parents) {
        if (--children[parent] == 0) order.push_back(parent);
      }
    }
    std::vector<std::uint32_t> places(nodes.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
    std::vector<Node> sorted;
    sorted.reserve(nodes.size());
    for (const auto index : order) {
      sorted.push_back(std::move(nodes[index]));
      for (auto& parent : sorted.back().parents) parent = places[parent];
    }
    nodes = std::move(sorted);
  }

  void mark_followers() {
    auto& nodes = history_.nodes;
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      node->follows_accepted = node->is_next_to_lost || is_accepted(node->commit);
      for (const auto parent : node->parents) node->follows_accepted |= nodes[parent].follows_accepted;
    }
  }

  git_repository* repository_;
  std::optional<git_oid> accepted_;
  std::optional<git_oid> reset_by_;
  std::optional<std::uint32_t> accepted_at_;
  std::map<git_oid, std::uint32_t, OidLess> indices_;
  std::uint32_t next_ = 0;
  History history_;
};

}  // namespace

History read_history(git_repository* repository, const CommitId& tip, const CommitId& accepted,
                     const CommitId& reset_by) {
  return HistoryReader(repository, accepted, reset_by).read(tip);
}

}  // namespace greenwave::git
