#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "cli.h"
#include "last_state.h"
#include "report/answer.h"
#include "report/hub_key.h"
#include "report/hub_link.h"
#include "sealed_key.h"
#include "secrets/keyring.h"

namespace greenwave::cli {

namespace {

constexpr int exit_waiting = 1;
constexpr std::size_t most_file_bytes = std::size_t{1} << 20;
constexpr Duration usual_wait = std::chrono::seconds(10);
constexpr Duration longest_wait = std::chrono::minutes(5);

struct EnrollOptions {
  std::string hub;
  std::string code;
  std::filesystem::path authorities;
  bool no_wait = false;
  bool seal = false;
};

/// Who asks, and where.
struct Enrolment {
  std::string device;
  config::Hub hub;
  std::string key;
  std::string fingerprint;
  std::string request;             ///< the body of POST /v1/enroll
  std::filesystem::path sealed{};  ///< where the key is, if it is sealed
  std::filesystem::path plain{};   ///< where it still is as a file, too
};

/// The id by which the agent reports: the one that it remembers, where agent.yaml names none.
std::string device_of(const Context& context) {
  if (context.config->names_device) return context.config->device;
  try {
    return daemon::status_from_json(context.client().get("/v1/status")).device;
  } catch (const Error&) {
    // The daemon does not answer: its state file knows as well.
  }
  try {
    return last_status(context).device;
  } catch (const Error&) {
    return context.config->device;
  }
}

config::Hub hub_of(const Context& context, const EnrollOptions& options) {
  if (!context.config) throw Error(Fault::invalid, context.config_problem);
  auto hub = context.config->hub;
  if (!hub.enrolled) {
    throw Error(Fault::invalid, "agent.yaml names hub.certificate, which another authority makes",
                "renew it there; or remove hub.certificate and hub.key to enroll with the hub");
  }
  if (hub.key.empty() && !options.seal) {
    throw Error(
        Fault::invalid, "hub.key is a credential of systemd's, which this command cannot read",
        "the agent renews the certificate by itself; to enroll again with a sealed key, add --seal; to "
        "make a new key, remove hub.key from agent.yaml");
  }
  if (!options.hub.empty()) hub.url = options.hub;
  while (hub.url.ends_with('/')) hub.url.pop_back();
  if (!hub.url.starts_with("https://") || !is_text(hub.url)) {
    throw Error(Fault::invalid,
                hub.url.empty() ? "no hub is named" : "the hub's URL must begin with https://",
                "greenwave enroll --hub https://HOST");
  }
  if (!options.authorities.empty()) hub.authorities = std::filesystem::absolute(options.authorities);
  return hub;
}

/// The key that is there, so that asking again goes on with it; else a new one.
std::string key_in(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) return read_file(file, most_file_bytes);
  auto key = report::new_key();
  make_directories(file.parent_path(), 0750);
  replace_file(file, key, 0600);
  return key;
}

/// The sealed key that is there; else the one that is there as a file, or a new one, which is sealed.
std::string sealed_key_in(Enrolment& enrolment) {
  std::error_code failure;
  auto& plain = enrolment.hub.key;
  if (!plain.empty() && std::filesystem::exists(plain, failure)) enrolment.plain = plain;
  if (std::filesystem::exists(enrolment.sealed)) return unseal_key(enrolment.sealed);
  auto key = enrolment.plain.empty() ? report::new_key() : read_file(enrolment.plain, most_file_bytes);
  seal_key(enrolment.sealed, key);
  return key;
}

/// Of the newest identity, if there is one.
std::string recipient_of(const config::Config& config) {
  Problems problems;
  const auto keys = secrets::read_keyring(config.identity_files, problems);
  return keys.empty() ? "" : keys.back().recipient;
}

Enrolment begin(const Context& context, const EnrollOptions& options) {
  Enrolment made{.device = {}, .hub = hub_of(context, options), .key = {}, .fingerprint = {}, .request = {}};
  made.device = device_of(context);
  if (options.seal) {
    made.sealed = context.globals.config.parent_path() / fmt::format("{}.cred", sealed_key_name);
    made.key = sealed_key_in(made);
  } else {
    made.key = key_in(made.hub.key);
  }
  made.fingerprint = report::fingerprint_of_key(made.key);
  nlohmann::json body{{"device", made.device},
                      {"csr", report::certificate_request(made.key, made.device)},
                      {"version", program_version}};
  if (!options.code.empty()) body["code"] = options.code;
  if (const auto recipient = recipient_of(*context.config); !recipient.empty()) body["recipient"] = recipient;
  made.request = body.dump();
  return made;
}

/// What people see while an operator has not approved the key.
void say_waiting(const Enrolment& enrolment, const report::Pending& pending) {
  if (!pending.key.empty() && pending.key != enrolment.fingerprint) {
    throw Error(
        Fault::untrusted,
        fmt::format("the hub has another key than this device's {}: {}", enrolment.fingerprint, pending.key),
        "do not approve it: something between this device and the hub changes what is sent");
  }
  print_note(fmt::format("this device's key is {}; it waits for an operator{}", enrolment.fingerprint,
                         pending.approve.empty() ? "" : ": " + pending.approve));
}

Duration wait_of(const http::Response& response) {
  if (response.retry_after <= Duration::zero()) return usual_wait;
  return std::min(response.retry_after, longest_wait);
}

/// Asks until the hub has decided; nothing: it has not, and this is not to wait.
class Asking {
 public:
  Asking(const Enrolment& enrolment, bool waits)
      : enrolment_(enrolment),
        waits_(waits),
        client_(report::endpoint_of(enrolment.hub.url,
                                    {.authorities = authorities(), .certificate = {}, .key = {}}),
                never_) {}

  std::optional<report::Issued> ask() {
    for (;;) {
      auto wait = usual_wait;
      try {
        const auto response =
            client_.send(report::post_of("/v1/enroll", enrolment_.request, report::most_chain_bytes));
        if (response.status == 200) return report::read_issued(response.body);
        look_at(response);
        if (!waits_) return {};
        wait = wait_of(response);
      } catch (const http::TransferError& error) {
        // A first one is of the address, or the network: the technician is there.
        if (!is_known_ || error.fault() != Fault::transient) throw;
      }
      std::this_thread::sleep_for(wait);
    }
  }

 private:
  std::string authorities() const {
    const auto& file = enrolment_.hub.authorities;
    return file.empty() ? "" : read_file(file, most_file_bytes);
  }

  void look_at(const http::Response& response) {
    const bool is_busy = response.status == 429 || response.status >= 500;
    if (response.status == 202) {
      const auto pending = report::read_pending(response.body);
      if (!std::exchange(is_known_, true)) say_waiting(enrolment_, pending);
    } else if (!is_busy || !is_known_) {
      throw Error(is_busy ? Fault::transient : Fault::conflict,
                  report::read_refusal(response.status, response.body));
    }
  }

  const Enrolment& enrolment_;
  bool waits_;
  bool is_known_ = false;  ///< the hub knows this device's key
  std::atomic<bool> never_ = false;
  http::Client client_;
};

/// What agent.yaml must say; empty: it does already.
std::string lines_to_add(const Context& context, const Enrolment& enrolment) {
  const auto& hub = enrolment.hub;
  const auto& now = context.config->hub;
  const bool has_key = enrolment.sealed.empty() || now.key.empty();
  if (now == hub && has_key) return {};
  std::string members = "url: " + hub.url;
  if (!hub.authorities.empty()) members += ", ca: " + hub.authorities.native();
  if (!enrolment.sealed.empty()) members += fmt::format(", key: \"credential:{}\"", sealed_key_name);
  return fmt::format("hub: {{{}}}\n", members);
}

/// What else is to be done where the key is sealed.
std::string steps_for_seal(const Enrolment& enrolment) {
  auto text = fmt::format(
      "\nThe key is sealed in {0}. Give it to the agent with systemctl edit greenwaved:\n\n"
      "[Service]\nLoadCredentialEncrypted={1}:{0}\n\nand run systemctl restart greenwaved.\n",
      enrolment.sealed.native(), sealed_key_name);
  if (!enrolment.plain.empty())
    text += fmt::format("When the agent reports with it, remove {}.\n", enrolment.plain.native());
  return text;
}

void print_result(const Context& context, const Enrolment& enrolment, const report::Certificate* certificate,
                  const std::string& city) {
  const auto lines = lines_to_add(context, enrolment);
  if (context.json) {
    nlohmann::json result{{"device", enrolment.device},
                          {"hub", enrolment.hub.url},
                          {"key", enrolment.fingerprint},
                          {"enrolled", certificate != nullptr},
                          {"agentYaml", lines}};
    if (!enrolment.sealed.empty()) result["sealed"] = enrolment.sealed.native();
    if (certificate != nullptr) {
      result["validUntil"] = to_iso(certificate->ends);
      result["city"] = city;
    }
    return print(result);
  }
  if (certificate == nullptr) {
    return print(
        fmt::format("{} is not enrolled yet. Run this again when its key is approved.\n", enrolment.device));
  }
  print(fmt::format("{} is enrolled{}; its certificate is valid until {}, and the agent renews it.\n",
                    enrolment.device, city.empty() ? "" : " in " + city, moment(certificate->ends)));
  if (!lines.empty()) {
    print(fmt::format("\nAdd this to {}{}:\n\n{}", context.globals.config.native(),
                      enrolment.sealed.empty() ? ", and run systemctl reload greenwaved" : "", lines));
  }
  if (!enrolment.sealed.empty() && !lines.empty()) print(steps_for_seal(enrolment));
}

int enroll(const Context& context, const EnrollOptions& options) {
  const auto enrolment = begin(context, options);
  const auto issued = Asking(enrolment, !options.no_wait).ask();
  if (!issued) {
    print_result(context, enrolment, nullptr, "");
    return exit_waiting;
  }
  const auto certificate = report::check_certificate(issued->certificate, enrolment.key, enrolment.device);
  make_directories(enrolment.hub.certificate.parent_path(), 0750);
  replace_file(enrolment.hub.certificate, issued->certificate, 0644);
  print_result(context, enrolment, &certificate, issued->city);
  return 0;
}

Action declare_enroll(CommandLine& line) {
  const auto options = std::make_shared<EnrollOptions>();
  line.option("--hub", options->hub, "The hub's https URL; by default the one in agent.yaml")
      .value_name("URL");
  line.option("--code", options->code, "A one-time code from an operator, instead of an approval")
      .value_name("CODE");
  line.option("--ca", options->authorities,
              "The authorities that may sign the hub's certificate, in PEM form")
      .value_name("FILE");
  line.flag("--seal", options->seal, "Seal the key to this machine's TPM, or by its own key (systemd-creds)");
  line.flag("--no-wait", options->no_wait, "Ask once, and do not wait for an operator");
  return [options](const Context& context) { return enroll(context, *options); };
}

}  // namespace

const Subcommand enroll_command{
    .name = "enroll",
    .summary = "Get this device's certificate for its city's hub",
    .details =
        R"(Makes a key for this device if it has none, and asks the hub for a certificate. The hub gives it for a one-time code,
or when an operator has approved the key, whose fingerprint is shown here. The key stays on the device, in hub.key in
the state directory, readable only by root; the certificate is hub.crt beside it. With --seal the key is only in
hub-key.cred beside agent.yaml, sealed by systemd-creds(1) to the TPM where there is one. The recipient of this device's
identity goes along, if it has one.

Asking again is safe: it goes on with the same key. The agent renews the certificate by itself.

Exit codes: 0 enrolled, 1 the key waits for an operator (with --no-wait), 2 failed.

Examples:
  sudo greenwave enroll --hub https://hub.example
  sudo greenwave enroll --hub https://hub.example --code ABCD-EFGH
  sudo greenwave enroll --hub https://hub.example --seal
  sudo greenwave enroll --no-wait -o json | jq -r .key)",
    .declare = declare_enroll,
};

}  // namespace greenwave::cli
