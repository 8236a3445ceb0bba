#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli.h"
#include "secrets/keyring.h"

namespace greenwave::cli {

namespace {

struct IdentityOptions {
  bool renew = false;
  bool retire = false;
};

secrets::Keyring read(const std::filesystem::path& file) {
  Problems problems;
  auto keys = secrets::read_keyring({file}, problems);
  if (!problems.has_errors()) return keys;
  const auto& problem = problems.list().front();
  throw Error(Fault::invalid, problem.message, problem.remedy);
}

void write(const std::filesystem::path& file, const secrets::Keyring& keys) {
  std::string text;
  for (const auto& key : keys) {
    if (key.kind != secrets::Identity::Kind::x25519) {
      throw Error(Fault::invalid, fmt::format("{} is an OpenSSH key", file.native()),
                  "make the new one with ssh-keygen, and list both in identity.files in agent.yaml");
    }
    text += fmt::format("# recipient: {}\n{}\n", key.recipient, secrets::to_text(key));
  }
  replace_file(file, text, 0600);
}

/// Changes the file as the options say. Returns a note for the user, empty when nothing changed.
std::string change(const std::filesystem::path& file, const IdentityOptions& options,
                   secrets::Keyring& keys) {
  if (options.retire) {
    if (keys.size() < 2)
      throw Error(Fault::conflict, "there is only one identity, and no older one to retire");
    keys.erase(keys.begin(), keys.end() - 1);
    write(file, keys);
    return "removed the older identity: secrets encrypted only for it can no longer be opened here";
  }
  if (keys.empty() || options.renew) {
    if (keys.size() > 1) {
      throw Error(Fault::conflict, "there are already two identities",
                  "retire the older one first: --retire");
    }
    keys.push_back(secrets::new_identity());
    write(file, keys);
    return fmt::format(
        "made an identity in {}; add its recipient to the inventory, as the property recipient, "
        "and have the daemon read it: systemctl reload greenwaved",
        file.native());
  }
  return {};
}

int identify(const Context& context, const IdentityOptions& options) {
  const auto usual = config::usual_identity(context.globals.config);
  std::vector<std::filesystem::path> files{usual};
  if (context.config && !context.config->identity_files.empty()) files = context.config->identity_files;
  secrets::Keyring keys;
  std::string note;
  if (files == std::vector{usual}) {
    if (std::filesystem::exists(usual)) keys = read(usual);
    note = change(usual, options, keys);
  } else if (options.renew || options.retire) {
    throw Error(Fault::invalid, "agent.yaml sets identity.files",
                "change those files by hand; list two of them while one is being replaced");
  } else {
    for (const auto& file : files) {
      for (auto& key : read(file)) keys.push_back(std::move(key));
    }
  }
  std::vector<std::string> recipients;
  for (const auto& key : keys) recipients.push_back(key.recipient);
  if (context.json) {
    print(nlohmann::json{{"recipients", recipients}, {"changed", !note.empty()}});
  } else {
    print(fmt::format("{}\n", fmt::join(recipients, "\n")));
    if (!note.empty()) print_note(note);
  }
  return 0;
}

Action declare_identity(CommandLine& line) {
  const auto options = std::make_shared<IdentityOptions>();
  const auto renew = line.flag("--renew", options->renew, "Make a second identity, to replace the first");
  line.flag("--retire", options->retire, "Remove the older of two identities").excludes(renew);
  return [options](const Context& context) { return identify(context, *options); };
}

}  // namespace

const Subcommand identity_command{
    .name = "identity",
    .summary = "Make this device's identity, and print its recipient",
    .details =
        R"(Makes an identity for this device if it has none, and prints its recipient: the public key that people encrypt for
with age or SOPS. The identity stays on the device, in the file `identity` beside agent.yaml, readable only by root.
Put the recipient into the inventory, as the property `recipient` of the device's Feature.

To replace an identity: run --renew, add the second recipient to the inventory beside the first, run sops updatekeys
(or encrypt again), and run --retire once the device has applied that.

Exit codes: 0 done, 2 failed.

Examples:
  sudo greenwave identity
  sudo greenwave identity --renew
  sudo greenwave identity -o json | jq -r '.recipients[]')",
    .declare = declare_identity,
};

}  // namespace greenwave::cli
