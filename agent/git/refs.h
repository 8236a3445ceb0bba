#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "git/pkt_line.h"

namespace greenwave::git {

/// Looks for the first of some refs in a server's list, however long that is: of the others only a few names
/// are kept.
class RefSearch {
 public:
  explicit RefSearch(const std::vector<std::string>& wanted);

  void add(std::string_view oid, std::string_view name);
  /// The commit that an annotated tag leads to.
  void add_peeled(std::string_view oid, std::string_view name);

  /// The commit's name in hexadecimal; throws no_such_ref.
  std::string result() const;
  /// Its full name; empty when there is none of them.
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

/// How a server introduces itself: gitprotocol-v2(5) "Capability Advertisement", gitprotocol-pack(5)
/// "Reference Discovery".
struct Greeting {
  int version = 0;  ///< 2, or 0 for anything older
  std::set<std::string, std::less<>>
      capabilities;  ///< "filter" of v2's "fetch=shallow filter" as "fetch.filter"
};

/// Reads a greeting to its end. Refs, which only an old server sends, go to `refs`.
Greeting read_greeting(PacketReader& reader, RefSearch& refs);

/// Splits "OID NAME…" at the first blank; throws Error (transient) unless it begins with an object's name.
std::pair<std::string_view, std::string_view> split_ref(std::string_view line);

}  // namespace greenwave::git
