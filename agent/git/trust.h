#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "git/allowed_signers.h"
#include "git/signed_tip.h"
#include "git/store.h"

namespace greenwave::git {

/// Who signed a commit.
struct Signer {
  std::string principal;  ///< "ana@sf.example"
  std::string key;        ///< its fingerprint, "SHA256:…"

  bool operator==(const Signer&) const = default;
};

/// Whose signature a commit has, by a line of the file that has their names without patterns: a key whose
/// line is "*@sf.example" is nobody's in particular.
struct Voice {
  std::string key;                      ///< its fingerprint
  std::vector<std::string> principals;  ///< one person, under one or several names

  bool operator==(const Voice&) const = default;
};

/// The keys that may sign the commits which this device applies. Immutable; any thread.
///
/// A signature covers its commit, and through the hashes in it every tree, blob and ancestor: libgit2
/// verifies the hash of each object that it reads, so verifying one commit is enough.
///
/// As for ssh-keygen, a line does not hold for a committer whose address one of its principals with a leading
/// "!" matches. That is a rule for honest people: whoever has the key chooses the address.
///
/// A key's valid-after and valid-before are compared with the commit's own committer time, as git does it,
/// and never with the device's clock: a device that wakes up in 1970 decides as any other, and a commit that
/// was good when it was made stays good. The holder of an expired key can date a commit back, so a key that
/// was lost must leave the file; an end date alone doesn't shut it out.
class Trust {
 public:
  /// `file` is the allowed_signers file's name, for messages. Throws Error (invalid) that lists every
  /// problem, one per line, as FILE:LINE:COLUMN; also when the file allows nobody.
  Trust(std::string_view text, std::string file);

  /// Who signed the commit. Throws Error: untrusted when it isn't signed, or not with SSH, for a namespace
  /// other than "git", by a key that the file doesn't list for git at that time, or was changed after
  /// signing; damaged when the store cannot read it.
  Signer verify(const Store& store, const CommitId& commit) const;

  /// The same for the bytes of a commit object; `commit` is its id.
  Signer verify(std::string_view object, const CommitId& commit) const;

  /// Who would have signed these bytes of a commit, if verify() accepts them; nobody where it cannot. No
  /// arithmetic.
  Voice claimed(std::string_view object) const;

  /// Who signed the tag, which must be on this commit, and be the one that may vouch for it (vouching_ref):
  /// as for a commit, with the tagger's address and time. Throws Error (untrusted).
  Signer verify_tag(std::string_view object, const CommitId& commit) const;

  /// Who signed the tip. Its key must be on a line with namespaces="greenwave-tip", and on none that allows
  /// it to sign commits: who says which commit is the newest is on a server, and nobody's colleague. The
  /// line's times are compared with the tip's `issued`. Throws Error (untrusted).
  Signer verify(const WrittenTip& written) const;
  /// Whether any line has a key for tips.
  bool knows_tip_signers() const;

  /// Whether a line has a key for git that is this principal's by name.
  bool names(std::string_view principal) const;

  const std::string& file() const { return file_; }

  /// Each key that can be checked, with what it may sign, as a text: "olga@city.example SHA256:…", with
  /// namespaces and times where the line has them. Sorted.
  std::vector<std::string> allowed() const;

  /// How many lines have a key that can be checked.
  std::size_t keys() const { return signers_.size(); }

  /// About lines that were ignored.
  const Problems& warnings() const { return problems_; }

 private:
  /// A line with the key, and, if it doesn't allow the key to sign the commit, why and what to do about it.
  struct Verdict {
    const AllowedSigner* signer = nullptr;
    std::string why;
    std::string remedy;
  };

  /// Something that is signed for git.
  struct Subject {
    std::string name;  ///< "commit 3f78…", for messages
    std::string_view signature;
    std::string_view payload;
    Time time{};
    std::string_view email;
    std::string_view how_to_sign;
    /// Whether it is written in the one way that is accepted.
    bool is_regular = true;
  };
  Signer verify(const Subject& subject) const;

  static Verdict judge(const AllowedSigner& signer, Time time, std::string_view email);
  static Verdict judge_times(const AllowedSigner& signer, Time time, std::string_view what);
  Verdict judge_tip_key(std::string_view key, Time time) const;
  Verdict judge(std::string_view key, Time time, std::string_view email) const;

  std::string file_;
  Problems problems_;
  std::vector<AllowedSigner> signers_;
};

}  // namespace greenwave::git
