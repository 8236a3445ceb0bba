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
                  "make the next one with ssh-keygen, and name both in identity.files of agent.yaml");
    }
    text += fmt::format("# recipient: {}\n{}\n", key.recipient, secrets::to_text(key));
  }
  replace_file(file, text, 0600);
}

/// What changes the file, and what to say about it.
std::string change(const std::filesystem::path& file, const IdentityOptions& options,
                   secrets::Keyring& keys) {
  if (options.retire) {
    if (keys.size() < 2) throw Error(Fault::conflict, "there is one identity, and no older one to retire");
    keys.erase(keys.begin(), keys.end() - 1);
    write(file, keys);
    return "the older identity is gone: what is encrypted for it alone cannot be opened here any more";
  }
  if (keys.empty() || options.renew) {
    if (keys.size() > 1) {
      throw Error(Fault::conflict, "there are two identities already",
                  "retire the older one first: --retire");
    }
    keys.push_back(secrets::new_identity());
    write(file, keys);
    return fmt::format(
        "made an identity in {}: put its recipient into the inventory, as the property recipient, "
        "and let the daemon read it: systemctl reload greenwaved",
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
    throw Error(Fault::invalid, "agent.yaml names identity files of its own",
                "change those, and identity.files: two at a time while one is being replaced");
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
  const auto renew = line.flag("--renew", options->renew, "Make a second one, to replace the first");
  line.flag("--retire", options->retire, "Remove the older of two").excludes(renew);
  return [options](const Context& context) { return identify(context, *options); };
}

}  // namespace

const Subcommand identity_command{
    .name = "identity",
    .summary = "Make this device's identity, and print what to encrypt for it",
    .details =
        R"(Makes the identity of this device when there is none, and prints its recipient: what people encrypt for it, with
age or with SOPS. The identity itself stays on the device, in the file `identity` beside agent.yaml, for root alone.
The recipient goes into the inventory, as the property `recipient` of the device's Feature.

To replace an identity: --renew, put the second recipient into the inventory beside the first, run sops updatekeys
(or encrypt again), and once that is on the device, --retire.

Exit codes: 0 done, 2 it could not be done.

Examples:
  sudo greenwave identity
  sudo greenwave identity --renew
  sudo greenwave identity -o json | jq -r '.recipients[]')",
    .declare = declare_identity,
};

}  // namespace greenwave::cli
