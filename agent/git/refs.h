#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "git/pkt_line.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// Takes the refs of a server's list, one after the other.
class RefSink {
 public:
  virtual ~RefSink() = default;
  virtual void add(std::string_view oid, std::string_view name) = 0;
  /// The commit that an annotated tag points to.
  virtual void add_peeled(std::string_view oid, std::string_view name) = 0;
};

/// Finds the first of some wanted refs in a list of any length. Of all other refs it only keeps a few names.
class RefSearch : public RefSink {
 public:
  explicit RefSearch(const std::vector<std::string>& wanted);

  void add(std::string_view oid, std::string_view name) override;
  void add_peeled(std::string_view oid, std::string_view name) override;

  /// The commit that it points to; throws no_such_ref if no wanted ref exists.
  CommitId result() const;
  /// What it names itself, a tag perhaps; nothing if no wanted ref exists.
  std::optional<CommitId> object() const;
  /// The full name of that ref; empty if there is none.
  std::string found() const;

 private:
  struct Wanted {
    std::string name;
    std::string oid{};
    std::string peeled{};
  };
  const Wanted* first() const;

  std::vector<Wanted> wanted_;  ///< at least one
  std::vector<std::string> branches_;
};

/// A digest of those refs of a list that begin with one of some prefixes, and of what they name.
class RefDigest : public RefSink {
 public:
  explicit RefDigest(std::vector<std::string> prefixes) : prefixes_(std::move(prefixes)) {}

  void add(std::string_view oid, std::string_view name) override;
  void add_peeled(std::string_view, std::string_view) override {}  // the tag's own name says it
  /// Ends it.
  Digest finish() { return hasher_.finish(); }

 private:
  std::vector<std::string> prefixes_;
  Hasher hasher_;
};

/// A server's first message: gitprotocol-v2(5) "Capability Advertisement", gitprotocol-pack(5) "Reference
/// Discovery".
struct Greeting {
  int version = 0;  ///< 2, or 0 for anything older
  std::set<std::string, std::less<>>
      capabilities;  ///< "filter" of v2's "fetch=shallow filter" as "fetch.filter"
};

/// Reads a greeting to its end. Refs, which only old servers send, go to `refs`.
Greeting read_greeting(PacketReader& reader, RefSink& refs);

/// Splits "OID NAME…" at the first space; throws Error (transient) unless it begins with an object id.
std::pair<std::string_view, std::string_view> split_ref(std::string_view line);

}  // namespace greenwave::git
