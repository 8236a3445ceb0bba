#include <array>
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/listed.h"
#include "base/text.h"
#include "context/context.h"
#include "fleet/action.h"
#include "fleet/inventory_edit.h"
#include "fleet/reading.h"
#include "fleet/table.h"
#include "render/inventory.h"
#include "secrets/identity.h"

namespace greenwave::fleet {

namespace {

Work declare_enrolments(CommandLine&) {
  return [](cli::HubClient& hub, Time now, const cli::Style& style) {
    const auto answer = hub.get("/v1/enrolments");
    std::string text;
    for (const auto& one : list_in(answer, "enrolments")) {
      const auto device = text_in(one, "device");
      text += fmt::format("{}  asked {} from {}\n  greenwave fleet approve {} --key {}\n",
                          cli::paint(style, cli::Paint::strong, device), ago_in(one, "asked", now),
                          text_in(one, "address"), device, text_in(one, "key"));
    }
    const bool any = !text.empty();
    if (any) text += "Compare the key with what greenwave enroll printed on the device.\n";
    return Outcome{cli::json_text(answer), any ? text : "No device waits.\n", any ? 1 : 0};
  };
}

struct Decision {
  std::string device;
  std::string key;
};

Work declare_decision(CommandLine& line, const char* decision, const char* done) {
  const auto asked = std::make_shared<Decision>();
  line.option("ID", asked->device, "The device").required();
  line.option("--key", asked->key, "The key, where more than one waits for the device").value_name("KEY");
  return [asked, decision, done](cli::HubClient& hub, Time, const cli::Style&) {
    const auto answer = hub.post("/v1/enrolments/" + cli::path_part(asked->device),
                                 {{"decision", decision}, {"key", asked->key}});
    return Outcome{cli::json_text(answer), fmt::format("{} {}, with the key {}\n", done,
                                                       text_in(answer, "device"), text_in(answer, "key"))};
  };
}

Work declare_approve(CommandLine& line) {
  return declare_decision(line, "approve", "Approved");
}

Work declare_refuse(CommandLine& line) {
  return declare_decision(line, "refuse", "Refused");
}

struct CodeOptions {
  std::string device;
  std::string duration = "1h";
};

Work declare_code(CommandLine& line) {
  const auto options = std::make_shared<CodeOptions>();
  line.option("--device", options->device,
              "For this device alone; without it, for any that the inventory lists")
      .value_name("ID");
  line.option("--for", options->duration, "How long it is good, up to 7d").value_name("TIME").show_default();
  return [options](cli::HubClient& hub, Time now, const cli::Style&) {
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(parse_duration(options->duration)).count();
    const auto answer = hub.post("/v1/codes", {{"device", options->device}, {"minutes", minutes}});
    const auto expires = time_in(answer, "expires");
    const auto device = text_in(answer, "device");
    return Outcome{
        cli::json_text(answer),
        fmt::format("{}\nGood once, for {}, until {}. On the device:\n"
                    "  sudo greenwave enroll --hub URL --code CODE\n",
                    text_in(answer, "code"), device.empty() ? "any device of the inventory" : device,
                    expires ? fmt::format("{} ({})", cli::moment(*expires), cli::relative(*expires, now))
                            : "it expires")};
  };
}

Work declare_revoke(CommandLine& line) {
  const auto id = std::make_shared<std::string>();
  line.option("ID", *id, "The device").required();
  return [id](cli::HubClient& hub, Time, const cli::Style&) {
    const auto answer =
        hub.post(fmt::format("/v1/devices/{}/revoke", cli::path_part(*id)), nlohmann::json::object());
    return Outcome{
        cli::json_text(answer),
        fmt::format("Revoked {} of {}. It may ask again with another key: greenwave enroll --new-key\n",
                    count_of(count_in(answer, "revoked"), "certificate"), text_in(answer, "device"))};
  };
}

struct SyncOptions {
  std::string device;
  std::string reason;
};

Work declare_sync(CommandLine& line) {
  const auto options = std::make_shared<SyncOptions>();
  line.option("ID", options->device, "The device").required();
  line.option("--reason", options->reason, "Why, for the device's history and the audit trail")
      .value_name("TEXT");
  return [options](cli::HubClient& hub, Time, const cli::Style&) {
    const auto answer = hub.post(fmt::format("/v1/devices/{}/sync", cli::path_part(options->device)),
                                 {{"reason", options->reason}});
    return Outcome{cli::json_text(answer),
                   fmt::format("{} is asked at its next report. Watch it: greenwave fleet device {}\n",
                               text_in(answer, "device"), text_in(answer, "device"))};
  };
}

struct RecipientsOptions {
  std::filesystem::path file;
  bool replaces = false;
};

/// What a hub has from devices is theirs to say: only what age takes is used.
std::map<std::string, std::string> valid_recipients(const nlohmann::json& answer,
                                                    std::vector<std::string>& invalid) {
  std::map<std::string, std::string> recipients;
  for (const auto& [device, recipient] : map_in(answer, "devices").items()) {
    const auto normal = recipient.is_string()
                            ? secrets::normal_recipient(recipient.get_ref<const std::string&>())
                            : std::optional<std::string>();
    if (normal) {
      recipients.emplace(device, *normal);
    } else {
      invalid.push_back(device);
    }
  }
  return recipients;
}

std::string names(const std::vector<std::string>& devices) {
  constexpr std::size_t most_named = 10;
  return printable(listed(devices, most_named));
}

/// Keeps the file's mode; a link stays one.
void write(const std::filesystem::path& file, const std::string& text) {
  const auto target = std::filesystem::canonical(file);
  const auto mode = std::filesystem::status(target).permissions() & std::filesystem::perms::mask;
  replace_file(target, text, static_cast<unsigned>(mode));
}

Outcome write_recipients(const RecipientsOptions& options,
                         const std::map<std::string, std::string>& recipients,
                         const std::vector<std::string>& invalid) {
  const auto before = read_file(options.file, render::most_inventory_bytes);
  const auto edit = put_recipients(before, options.file.native(), recipients, options.replaces);
  const bool changed = edit.text != before;
  if (changed) write(options.file, edit.text);
  std::string text;
  const auto tell = [&](const std::vector<std::string>& devices, std::string_view what) {
    if (!devices.empty()) text += fmt::format("{} {}: {}\n", devices.size(), what, names(devices));
  };
  const auto file = printable(options.file.native());
  tell(edit.added, "added");
  tell(edit.replaced, "replaced");
  tell(edit.differing, "have another recipient in the file, which stays; --replace takes the hub's");
  tell(edit.unlisted, "enrolled, but not in the file");
  tell(invalid, "sent what is not an age recipient");
  if (changed) {
    text += fmt::format(
        "Now encrypt the secrets for them too (greenwave recipients --layer PATH), and commit:\n"
        "  git commit -m 'Add recipients' {}\n",
        file);
  } else {
    text += fmt::format("{} has them all: nothing to commit.\n", file);
  }
  const nlohmann::json json{{"file", options.file.native()}, {"added", edit.added},
                            {"replaced", edit.replaced},     {"differing", edit.differing},
                            {"unlisted", edit.unlisted},     {"invalid", invalid}};
  const bool well = edit.differing.empty() && edit.unlisted.empty() && invalid.empty();
  return {cli::json_text(json), text, well ? 0 : 1};
}

Work declare_recipients(CommandLine& line) {
  const auto options = std::make_shared<RecipientsOptions>();
  const auto write = line.option("--write", options->file, "Put them into this inventory").value_name("FILE");
  line.flag("--replace", options->replaces, "Also where the inventory has another one").needs(write);
  return [options](cli::HubClient& hub, Time, const cli::Style&) {
    std::vector<std::string> invalid;
    const auto answer = hub.get("/v1/recipients");
    const auto recipients = valid_recipients(answer, invalid);
    if (!options->file.empty()) return write_recipients(*options, recipients, invalid);
    std::string text;
    for (const auto& [device, recipient] : recipients)
      text += fmt::format("{} {}\n", printable(device), recipient);
    return Outcome{cli::json_text(answer), text, invalid.empty() ? 0 : 1};
  };
}

constexpr std::array acting{
    Action{"enrolments", "The devices that wait to be approved",
           R"(Exit codes: 0 none waits, 1 some wait, 2 the hub could not be asked.

Examples:
  greenwave fleet enrolments)",
           declare_enrolments},
    Action{
        "approve", "Let a device in that waits",
        R"(Needs a token of the level approve. Compare the key with the one that greenwave enroll printed on the device.
Exit codes: 0 approved, 2 nothing waits for the device, more than one key does, or the hub could not be asked.

Examples:
  greenwave fleet approve sf-0042 --key SHA256:2f7c…)",
        declare_approve},
    Action{"refuse", "Turn away a key that waits",
           R"(Needs a token of the level approve.
Exit codes: 0 refused, 2 nothing waits for the device, more than one key does, or the hub could not be asked.

Examples:
  greenwave fleet refuse sf-0042)",
           declare_refuse},
    Action{"code", "Make a code with which a device enrols by itself, once",
           R"(Needs a token of the level approve.
Exit codes: 0 made, 2 the hub could not be asked.

Examples:
  greenwave fleet code --device sf-0042 --for 4h)",
           declare_code},
    Action{
        "revoke", "End all certificates of a device, at once",
        R"(Needs a token of the level approve. For a cabinet that was broken into, or a device that was taken away.
Exit codes: 0 revoked, 2 the device has no certificate, or the hub could not be asked.

Examples:
  greenwave fleet revoke sf-0042)",
        declare_revoke},
    Action{"sync", "Ask a device to sync, at its next report",
           R"(Needs a token of the level operate.
Exit codes: 0 asked, 2 there is no such device, or the hub could not be asked.

Examples:
  greenwave fleet sync sf-0042 --reason "the crew is there")",
           declare_sync},
    Action{"recipients", "What to encrypt each device's secrets for; puts it into the inventory",
           R"(Devices send their recipient when they enrol. --write changes nothing else in the file.
Exit codes: 0 done, 1 some devices have another recipient in the file or are not in it, 2 it was not done.

Examples:
  greenwave fleet recipients --write devices.geojson && git diff)",
           declare_recipients},
};

}  // namespace

std::span<const Action> acting_actions() {
  return acting;
}

}  // namespace greenwave::fleet
