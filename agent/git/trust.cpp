#include "git/trust.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "git/commit_object.h"
#include "git/pattern_list.h"
#include "git/signed_commit.h"
#include "git/signed_tag.h"
#include "git/ssh_key.h"
#include "git/sshsig.h"

namespace greenwave::git {

namespace {

constexpr std::string_view git_space = "git";
constexpr std::string_view how_to_sign =
    "sign it with an allowed SSH key (git config gpg.format ssh; git commit --amend -S) and push it again";

constexpr std::string_view how_to_tag =
    "make it of the commit with an allowed SSH key: git -c gpg.format=ssh tag -s greenwave/COMMIT COMMIT, "
    "and "
    "push it";

/// What `step` makes of outside bytes. What a parser calls invalid means here that nobody vouches for them:
/// untrusted.
template <typename Step>
auto parsed(std::string_view name, std::string_view remedy, Step&& step) {
  try {
    return step();
  } catch (const Error& error) {
    throw Error(Fault::untrusted,
                fmt::format("{} has a signature that is not accepted: {}", name, error.message()),
                error.remedy().empty() ? std::string(remedy) : error.remedy());
  }
}

/// The kind of a signature that is not SSH's; empty for others.
std::string_view foreign_kind(std::string_view signature) {
  if (signature.starts_with("-----BEGIN PGP")) return "PGP";
  if (signature.starts_with("-----BEGIN SIGNED MESSAGE")) return "an X.509 certificate";
  return {};
}

bool may_sign_commits(const AllowedSigner& signer) {
  return !signer.spaces || matches_pattern_list(git_space, *signer.spaces);
}

bool is_for_tips(const AllowedSigner& signer) {
  return signer.spaces == tip_space;
}

/// The principals of a line that are names, not patterns.
std::vector<std::string_view> names_in(const AllowedSigner& signer) {
  auto names = split(signer.principals, ',');
  std::erase_if(names, [](std::string_view name) {
    return name.empty() || name.find_first_of("*?!") != std::string_view::npos;
  });
  return names;
}

}  // namespace

Trust::Verdict Trust::judge(const AllowedSigner& signer, Time time, std::string_view email) {
  const auto place = to_string(signer.place);
  if (!may_sign_commits(signer)) {
    return {&signer,
            fmt::format("which {} allows for the namespaces \"{}\" only", place, printable(*signer.spaces)),
            "sign with another key, or add git to its namespaces"};
  }
  if (auto verdict = judge_times(signer, time, "commit"); !verdict.why.empty()) return verdict;
  if (is_excluded(email, signer.principals)) {
    return {&signer, fmt::format("which {} does not allow for the committer {}", place, printable(email)),
            "sign with another key, or fix the principals or the committer's address"};
  }
  return {&signer, {}, {}};
}

Trust::Verdict Trust::judge_times(const AllowedSigner& signer, Time time, std::string_view what) {
  const auto place = to_string(signer.place);
  if (signer.valid_after && time < *signer.valid_after) {
    return {&signer,
            fmt::format("which is not yet valid: {} allows it from {} on, and the {} is from {}", place,
                        to_iso(*signer.valid_after), what, to_iso(time)),
            "sign with another key, or fix valid-after or the signer's clock"};
  }
  if (signer.valid_before && time > *signer.valid_before) {
    return {&signer,
            fmt::format("which has expired: {} allows it until {}, and the {} is from {}", place,
                        to_iso(*signer.valid_before), what, to_iso(time)),
            "sign it again with a key that is valid"};
  }
  return {&signer, {}, {}};
}

/// What is wrong with every line that has the key counts, then the first line that has it for tips.
Trust::Verdict Trust::judge_tip_key(std::string_view key, Time time) const {
  Verdict found;
  for (const auto& signer : signers_) {
    if (signer.key != key) continue;
    if (may_sign_commits(signer)) {
      return {&signer, fmt::format("which may sign commits, by {}", to_string(signer.place)),
              "give tips a key of their own, and write namespaces=\"greenwave-tip\" on its line"};
    }
    if (found.signer != nullptr && found.why.empty()) continue;
    if (is_for_tips(signer)) {
      found = judge_times(signer, time, "tip");
    } else if (found.signer == nullptr) {
      found = {&signer, fmt::format("which {} does not allow for tips alone", to_string(signer.place)),
               "write namespaces=\"greenwave-tip\" on its line, and no other namespace"};
    }
  }
  return found;
}

Trust::Trust(std::string_view text, std::string file) : file_(std::move(file)) {
  signers_ = parse_allowed_signers(text, file_, problems_);
  if (problems_.has_errors()) {
    std::string lines;
    for (const auto& problem : problems_.list()) {
      if (problem.severity == Severity::error) lines += (lines.empty() ? "" : "\n") + to_string(problem);
    }
    throw Error(Fault::invalid, std::move(lines));
  }
  if (signers_.empty()) {
    throw Error(Fault::invalid, fmt::format("{} allows nobody to sign commits", file_),
                "add a line: PRINCIPAL namespaces=\"git\" KEYTYPE BASE64KEY");
  }
}

Signer Trust::verify(const Store& store, const CommitId& commit) const {
  return verify(read_commit_object(store, commit), commit);
}

Signer Trust::verify(std::string_view object, const CommitId& commit) const {
  const auto name = fmt::format("commit {}", commit.text());
  const auto parts = parsed(name, how_to_sign, [&] { return take_apart(object); });
  return verify(Subject{.name = name,
                        .signature = parts.signature,
                        .payload = parts.payload,
                        .time = parts.time,
                        .email = parts.committer,
                        .how_to_sign = how_to_sign,
                        .is_regular = put_together(parts) == object});
}

Signer Trust::verify_tag(std::string_view object, const CommitId& commit) const {
  const auto ref = vouching_ref(commit);
  const auto name = fmt::format("the tag {}", ref);
  const auto parts = parsed(name, how_to_tag, [&] { return take_tag_apart(object); });
  if (parts.commit != commit) {
    throw Error(Fault::untrusted, fmt::format("{} is on commit {}", name, printable(parts.commit.text())),
                "somebody has moved it: find out who, and make it again");
  }
  if ("refs/tags/" + parts.name != ref) {
    throw Error(Fault::untrusted, fmt::format("{} was made as {}", name, printable(parts.name)),
                std::string(how_to_tag));
  }
  return verify(Subject{.name = name,
                        .signature = parts.signature,
                        .payload = parts.payload,
                        .time = parts.time,
                        .email = parts.tagger,
                        .how_to_sign = how_to_tag});
}

Signer Trust::verify(const Subject& subject) const {
  const auto& name = subject.name;
  const auto refuse = [&](std::string_view what, std::string remedy) {
    return Error(Fault::untrusted, fmt::format("{} {}", name, what), std::move(remedy));
  };
  if (subject.signature.empty()) throw refuse("is not signed", std::string(subject.how_to_sign));
  if (const auto kind = foreign_kind(subject.signature); !kind.empty()) {
    throw refuse(fmt::format("is signed with {}; only SSH signatures are accepted", kind),
                 std::string(subject.how_to_sign));
  }
  const auto signature =
      parsed(name, subject.how_to_sign, [&] { return parse_ssh_signature(subject.signature); });
  if (!subject.is_regular) {
    throw refuse(
        "is not written as git writes a signed commit: the signature must be its last header, and the only "
        "one",
        "find out what wrote it; sign with git commit -S, which uses ssh-keygen");
  }
  const auto key = fingerprint(signature.key);
  if (signature.name_space != git_space) {
    throw refuse(fmt::format("is signed by the key {} for the namespace \"{}\" instead of \"git\"", key,
                             printable(signature.name_space.substr(0, 64))),
                 "a signature for something else was put into it: find out who pushed it");
  }
  const auto verdict = judge(signature.key, subject.time, subject.email);
  if (verdict.signer == nullptr) {
    parsed(name, subject.how_to_sign, [&] {
      check_key(signature.key);
      return true;
    });
    throw refuse(
        fmt::format("is signed by the key {}, which {} does not list", key, file_),
        fmt::format("if its owner may change this device, add the key to {}; else find out who pushed it",
                    file_));
  }
  // Not before: no arithmetic on unknown keys.
  if (!parsed(name, subject.how_to_sign, [&] { return verifies(signature, subject.payload); })) {
    throw refuse(
        fmt::format("was changed after it was signed by the key {}: the signature does not verify", key),
        "do not trust the server or the network until it is clear who changed it");
  }
  if (!verdict.why.empty()) {
    throw refuse(fmt::format("is signed by the key {}, {}", key, verdict.why), verdict.remedy);
  }
  return {principal_of(*verdict.signer, subject.email), key};
}

Signer Trust::verify(const WrittenTip& written) const {
  const auto refuse = [](std::string_view what, std::string remedy) {
    return Error(Fault::untrusted, fmt::format("the signed tip {}", what), std::move(remedy));
  };
  const auto reading = [](auto&& step) {
    return parsed("the signed tip", "sign it again: greenwave tip sign", step);
  };
  const auto signature = reading([&] { return parse_ssh_signature(written.signature); });
  const auto key = fingerprint(signature.key);
  if (signature.name_space != tip_space) {
    throw refuse(fmt::format("is signed by the key {} for the namespace \"{}\" instead of \"{}\"", key,
                             printable(signature.name_space.substr(0, 64)), tip_space),
                 "a signature for something else was put on it: find out who wrote it");
  }
  const auto verdict = judge_tip_key(signature.key, written.tip.issued);
  if (verdict.signer == nullptr) {
    reading([&] {
      check_key(signature.key);
      return true;
    });
    throw refuse(fmt::format("is signed by the key {}, which {} does not list", key, file_),
                 fmt::format("add the signer's key to {} with namespaces=\"greenwave-tip\", or find out who "
                             "wrote it",
                             file_));
  }
  if (!reading([&] { return verifies(signature, written.statement); })) {
    throw refuse(
        fmt::format("was changed after it was signed by the key {}: the signature does not verify", key),
        "do not trust the server or the network until it is clear who changed it");
  }
  if (!verdict.why.empty()) {
    throw refuse(fmt::format("is signed by the key {}, {}", key, verdict.why), verdict.remedy);
  }
  return {principal_of(*verdict.signer, {}), key};
}

std::vector<std::string> Trust::allowed() const {
  std::vector<std::string> texts;
  for (const auto& signer : signers_) {
    auto text = fmt::format("{} {}", printable(signer.principals), fingerprint(signer.key));
    if (signer.spaces) text += fmt::format(" namespaces={}", printable(*signer.spaces));
    if (signer.valid_after) text += fmt::format(" valid-after={}", to_iso(*signer.valid_after));
    if (signer.valid_before) text += fmt::format(" valid-before={}", to_iso(*signer.valid_before));
    texts.push_back(std::move(text));
  }
  std::ranges::sort(texts);
  return texts;
}

bool Trust::knows_tip_signers() const {
  return std::ranges::any_of(signers_, is_for_tips);
}

Voice Trust::claimed(std::string_view object) const {
  try {
    const auto parts = take_apart(object);
    if (parts.signature.empty() || !foreign_kind(parts.signature).empty()) return {};
    const auto signature = parse_ssh_signature(parts.signature);
    Voice voice{.key = fingerprint(signature.key), .principals = {}};
    for (const auto& signer : signers_) {
      if (signer.key != signature.key || !judge(signer, parts.time, parts.committer).why.empty()) continue;
      for (const auto name : names_in(signer)) voice.principals.emplace_back(name);
    }
    return voice;
  } catch (const Error&) {
    return {};
  }
}

bool Trust::names(std::string_view principal) const {
  return std::ranges::any_of(signers_, [principal](const AllowedSigner& signer) {
    return may_sign_commits(signer) && contains(names_in(signer), principal);
  });
}

/// The line that allows the key to sign a commit at that time; if there is none, the first line with the key.
Trust::Verdict Trust::judge(std::string_view key, Time time, std::string_view email) const {
  Verdict first;
  for (const auto& signer : signers_) {
    if (signer.key != key) continue;
    auto verdict = judge(signer, time, email);
    if (verdict.why.empty()) return verdict;
    if (first.signer == nullptr) first = std::move(verdict);
  }
  return first;
}

}  // namespace greenwave::git
