#include "git/approvals.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/listed.h"
#include "base/text.h"
#include "git/commit_object.h"
#include "git/commit_tree.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

constexpr std::size_t first_ahead = 32;
constexpr std::size_t most_ahead = 8192;
constexpr std::size_t most_verified = 1000;  ///< signatures: each takes a device about a millisecond
constexpr std::size_t most_signers_named = 10;

using Entry = std::optional<SourceTree::Item>;

bool is_same_entry(const Entry& one, const Entry& other) {
  if (!one || !other) return !one && !other;
  return one->oid == other->oid && one->type == other->type;
}

/// Gives each key to one person and each person one key, so that as many as possible count
/// (https://en.wikipedia.org/wiki/Maximum_cardinality_matching, by augmenting paths).
class Roll {
 public:
  /// Whether somebody more counts with it.
  bool add(const Voice& voice) {
    auto& names = names_[voice.key];
    names.insert(voice.principals.begin(), voice.principals.end());
    std::set<std::string> asked;
    return !has(voice.key) && seat(voice.key, asked);
  }

  std::vector<std::string> people() const {
    std::vector<std::string> people;
    for (const auto& [person, key] : key_of_) people.push_back(person);
    return people;
  }

 private:
  bool has(const std::string& key) const {
    return std::ranges::any_of(key_of_, [&](const auto& seat) { return seat.second == key; });
  }

  bool seat(const std::string& key, std::set<std::string>& asked) {
    for (const auto& person : names_[key]) {
      if (!asked.insert(person).second) continue;
      const auto taken = key_of_.find(person);
      if (taken != key_of_.end() && !seat(taken->second, asked)) continue;
      key_of_[person] = key;
      return true;
    }
    return false;
  }

  std::map<std::string, std::set<std::string>> names_;  ///< by key
  std::map<std::string, std::string> key_of_;           ///< by person
};

std::string_view verb_of(PathApproval::Change change) {
  switch (change) {
    case PathApproval::Change::added:
      return "adds";
    case PathApproval::Change::removed:
      return "removes";
    case PathApproval::Change::changed:
      return "changes";
    case PathApproval::Change::first:
      return "has";
  }
  return "";
}

}  // namespace

/// The commits of a history that have the same as its tip at one path, ever since.
class Approvals::PathWalk {
 public:
  PathWalk(Approvals& all, const config::PathRule& rule, const Entry& entry)
      : all_(all), nodes_(all.history_->nodes), rule_(rule), entry_(entry), marks_(nodes_.size()) {}

  /// The people whose signatures count, as far as they are needed.
  std::vector<std::string> people() {
    find_unchanged();
    if (!all_.step_.accepted.empty()) find_introduced();
    Roll roll;
    std::size_t count = 0;
    for (std::size_t i = 0; i < nodes_.size() && count < rule_.threshold; ++i) {
      if (!may_vouch(i)) continue;
      auto voice = voice_of(nodes_[i].commit);
      std::erase_if(voice.principals, [this](const auto& name) { return !contains(rule_.signers, name); });
      if (voice.principals.empty() || contains(heard_, voice) || !all_.verifies(nodes_[i].commit)) continue;
      if (roll.add(voice)) ++count;
      heard_.push_back(std::move(voice));
    }
    return roll.people();
  }

 private:
  struct Mark {
    bool is_changed = false;     ///< it, or a commit that descends from it, has another entry
    bool is_uncertain = false;   ///< the same, if what is missing shows that
    bool is_introduced = false;  ///< the entry is newer than what the device has
  };
  enum class Has { same, other, unknown };

  Has has(std::size_t node) {
    Entry found;
    try {
      if (!all_.look(nodes_[node].tree, rule_.path, found)) return Has::unknown;
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      return Has::other;  // no directory that is accepted
    }
    return is_same_entry(found, entry_) ? Has::same : Has::other;
  }

  void find_unchanged() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto& mark = marks_[i];
      if (!mark.is_changed) {
        const auto here = has(i);
        mark.is_changed = here == Has::other;
        mark.is_uncertain |= here == Has::unknown;
      }
      for (const auto parent : nodes_[i].parents) {
        marks_[parent].is_changed |= mark.is_changed;
        marks_[parent].is_uncertain |= mark.is_uncertain;
      }
    }
  }

  void find_introduced() {
    for (auto i = nodes_.size(); i-- > 0;) {
      if (marks_[i].is_changed) continue;
      const auto& node = nodes_[i];
      // In a history with gaps only those that follow what the device has are known to be no part of its
      // past.
      if (!all_.history_->is_whole && !node.follows_accepted) continue;
      marks_[i].is_introduced =
          node.is_root || node.is_next_to_lost || std::ranges::any_of(node.parents, [this](auto parent) {
            return marks_[parent].is_changed ? has(parent) == Has::other : marks_[parent].is_introduced;
          });
    }
  }

  bool may_vouch(std::size_t node) const {
    const auto& mark = marks_[node];
    if (mark.is_changed || mark.is_uncertain) return false;
    return mark.is_introduced || all_.step_.accepted.empty();
  }

  Voice voice_of(const git_oid& commit) const {
    try {
      return all_.trust_.claimed(read_commit_object(all_.repository_, CommitId(to_hex(commit))));
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      return {};
    }
  }

  Approvals& all_;
  const std::vector<History::Node>& nodes_;
  const config::PathRule& rule_;
  const Entry& entry_;
  std::vector<Mark> marks_;
  std::vector<Voice> heard_;
};

Approvals::Approvals(git_repository* repository, const Trust& trust,
                     const std::vector<config::PathRule>& rules, Step step)
    : repository_(repository), trust_(trust), rules_(rules), step_(std::move(step)) {}

std::vector<PathApproval> Approvals::judge() {
  ahead_ = ahead_ == 0 ? first_ahead : std::min(4 * ahead_, most_ahead);
  wanted_.clear();
  std::vector<PathApproval> approvals;
  for (const auto& rule : rules_) {
    Item before;
    Item now;
    using Change = PathApproval::Change;
    const bool is_first = step_.accepted.empty() || !has_commit(step_.accepted);
    const bool is_known =
        look_at(step_.tip, rule.path, now) && (is_first || look_at(step_.accepted, rule.path, before));
    if (!is_known) {
      approvals.push_back({.rule = rule});
    } else if (!is_same_entry(before, now)) {
      const auto change = is_first  ? Change::first
                          : !before ? Change::added
                          : now     ? Change::changed
                                    : Change::removed;
      approvals.push_back(judge(rule, change, now));
    }
  }
  return approvals;
}

PathApproval Approvals::judge(const config::PathRule& rule, PathApproval::Change change, const Item& entry) {
  if (!history_) history_ = read_history(repository_, step_.tip, step_.accepted, step_.reset_by);
  PathApproval approval{.rule = rule, .change = change, .vouched = PathWalk(*this, rule, entry).people()};
  for (const auto& signer : rule.signers) {
    if (trust_.names(signer) && !contains(approval.vouched, signer)) approval.could.push_back(signer);
  }
  return approval;
}

bool Approvals::has_commit(const CommitId& commit) const {
  RawCommit raw;
  const auto oid = to_oid(commit);
  return git_commit_lookup(Out(raw), repository_, &oid) == 0;
}

bool Approvals::look_at(const CommitId& commit, const std::string& path, Item& found) {
  RawCommit raw;
  const auto oid = to_oid(commit);
  if (git_commit_lookup(Out(raw), repository_, &oid) < 0) {
    throw failure(Fault::damaged, fmt::format("read commit {}", commit.text()), damaged_store_remedy);
  }
  return look(*git_commit_tree_id(raw.get()), path, found);
}

bool Approvals::look(const git_oid& tree, const std::string& path, Item& found) {
  if (wanted_.size() >= ahead_) return false;
  Missing missing;
  found = CommitTree(repository_, tree, step_.directory, &missing).find(path);
  wanted_.insert(missing.begin(), missing.end());
  return missing.empty();
}

bool Approvals::verifies(const git_oid& commit) {
  if (const auto known = verified_.find(commit); known != verified_.end()) return known->second;
  if (verified_.size() >= most_verified) return false;
  bool good = true;
  try {
    const CommitId id(to_hex(commit));
    trust_.verify(read_commit_object(repository_, id), id);
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    good = false;
  }
  return verified_[commit] = good;
}

Problems check_signers(const std::vector<config::PathRule>& rules, const Trust& trust) {
  Problems problems;
  for (const auto& rule : rules) {
    std::vector<std::string> unknown;
    for (const auto& signer : rule.signers) {
      if (!trust.names(signer)) unknown.push_back(signer);
    }
    if (unknown.empty()) continue;
    auto what = fmt::format("trust: paths: {} has no line for {}", trust.file(),
                            printable(listed(unknown, most_signers_named)));
    const auto known = rule.signers.size() - unknown.size();
    if (known < rule.threshold) {
      what += fmt::format(": {} takes {} approvals, and no change of it can be approved", name_of(rule),
                          rule.threshold);
    }
    problems.warning(rule.place, std::move(what),
                     "add a line with the name, not a pattern, and a key for git");
  }
  return problems;
}

std::string missing_approvals(const std::vector<PathApproval>& approvals) {
  std::string text;
  for (const auto& one : approvals) {
    if (one.missing() == 0) continue;
    const auto names = [](const std::vector<std::string>& people) {
      return printable(listed(people, most_signers_named));
    };
    if (!text.empty()) text += "; it ";
    text += fmt::format("{} {}, which {} of {} must approve: {} did, {} more needed", verb_of(one.change),
                        name_of(one.rule), one.rule.threshold, names(one.rule.signers),
                        one.vouched.empty() ? "nobody" : names(one.vouched), one.missing());
    text += one.could.empty() ? ", and nobody else has a key" : fmt::format(", from {}", names(one.could));
  }
  return text;
}

}  // namespace greenwave::git
