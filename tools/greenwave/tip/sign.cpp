#include "tip/sign.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "git/served_tips.h"
#include "git/sshsig.h"

namespace greenwave::tip {

namespace {

namespace fs = std::filesystem;

constexpr Duration rounding = std::chrono::seconds(1);  ///< of times in tips

CommandResult run_tool(Command command) {
  const auto tool = command.argv.front();
  auto result = run(command);
  if (result.status == 127) {
    throw Error(Fault::invalid, fmt::format("the program {} is missing", tool),
                "install it: apt-get install git openssh-client");
  }
  return result;
}

Fd file_with(std::string_view text) {
  Fd file(::memfd_create("statement", MFD_CLOEXEC));
  if (!file) throw system_error("make", "a file in memory");
  write_all(file.get(), text, "a file in memory");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string remedy_for(std::string_view said, const fs::path& key) {
  if (said.find("passphrase") != said.npos) {
    return fmt::format("load the key into ssh-agent and write --key {}.pub, or use one without a passphrase",
                       key.native());
  }
  return "--key names a private SSH key, or a public one that ssh-agent has the private key of";
}

/// By ssh-keygen, which knows every kind of key and ssh's agent.
std::string signature_of(const std::string& statement, const fs::path& key) {
  const auto input = file_with(statement);
  Command command;
  command.argv = {"ssh-keygen", "-q", "-Y", "sign", "-n", std::string(git::tip_space), "-f", key.native()};
  command.input = input.get();
  if (const char* agent = std::getenv("SSH_AUTH_SOCK")) command.environment["SSH_AUTH_SOCK"] = agent;
  const auto result = run_tool(std::move(command));
  const auto begins = result.output.find("-----BEGIN SSH SIGNATURE-----");
  if (result.status != 0 || begins == std::string::npos) {
    throw Error(Fault::invalid, fmt::format("ssh-keygen cannot sign: {}", in_one_line(result.output, 300)),
                remedy_for(result.output, key));
  }
  auto signature = result.output.substr(begins);
  if (!git::verifies(git::parse_ssh_signature(signature), statement)) {
    throw Error(Fault::internal, "ssh-keygen made a signature that does not verify");
  }
  return signature;
}

std::optional<git::SignedTip> last_tip(const fs::path& file) {
  try {
    return git::read_signed_tip(read_file(file, git::most_tip)).tip;
  } catch (const Error&) {
    return {};  // none, or an unsigned one
  }
}

Signed sign_branch(const SignOptions& options, const git::ServedTips& tips, const std::string& ref,
                   const CommitId& commit, Time now) {
  Signed result{.ref = ref, .commit = commit};
  const auto last = last_tip(tips.file_of(ref));
  const auto next = next_tip(last ? &*last : nullptr, options.name, ref, commit, now, options.life);
  result.expires = next ? next->expires : last->expires;
  if (!next) return result;
  const auto statement = git::statement_of(*next);
  const auto text = statement + signature_of(statement, options.key);
  git::read_signed_tip(text);  // as devices do
  tips.write(ref, text);
  result.did = Signed::Did::signed_now;
  return result;
}

}  // namespace

std::optional<git::SignedTip> next_tip(const git::SignedTip* last, const std::string& name,
                                       const std::string& ref, const CommitId& commit, Time now,
                                       Duration life) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now);
  const bool is_known = last != nullptr && last->repository == name && last->ref == ref;
  const bool is_same = is_known && last->commit == commit;
  const auto left = is_same ? last->expires - now : Duration::zero();
  // One that holds for longer was signed with another life, or by another clock.
  if (left > life / 2 && left <= life + rounding && last->issued <= now) return {};
  auto sequence = static_cast<std::uint64_t>(issued.time_since_epoch().count());
  if (is_same) {
    sequence = last->sequence;
  } else if (is_known) {
    sequence = std::max(sequence, last->sequence + 1);
  }
  return git::SignedTip{.repository = name,
                        .ref = ref,
                        .commit = commit,
                        .sequence = sequence,
                        .issued = issued,
                        .expires = std::chrono::ceil<std::chrono::seconds>(now + life)};
}

std::vector<Signed> sign_tips(const SignOptions& options, Time now) {
  if (now < clock_is_set) {
    throw Error(Fault::transient, "the clock of this machine is not set",
                "tips say when they were issued: set it");
  }
  const auto repository = fs::absolute(options.repository);
  git::branches_of(repository);  // before anything is written
  const git::ServedTips tips(git::tips_beside(repository));
  const auto branches = git::branches_of(repository);
  std::vector<Signed> results;
  for (auto& ref : tips.remove_others(branches)) {
    results.push_back({.ref = std::move(ref), .did = Signed::Did::removed});
  }
  for (const auto& [ref, commit] : branches) {
    try {
      results.push_back(sign_branch(options, tips, ref, commit, now));
    } catch (const Error& error) {
      results.push_back({.ref = ref, .commit = commit, .did = Signed::Did::failed, .error = error.what()});
    }
  }
  return results;
}

}  // namespace greenwave::tip
