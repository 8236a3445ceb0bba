#include <atomic>
#include <cerrno>
#include <optional>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "doctor/checks.h"
#include "report/answer.h"
#include "report/hub_link.h"

namespace greenwave::cli {

namespace {

/// More than that, and certificates and times in reports are off.
constexpr Duration clock_tolerance = std::chrono::minutes(5);
constexpr Duration patience = std::chrono::seconds(10);

void add(Findings& findings, CheckResult result, std::string text, std::string remedy = "") {
  findings.push_back({result, "hub", std::move(text), std::move(remedy)});
}

/// Nothing where they cannot be read, or there are none.
std::optional<report::HubFiles> read_files(const config::Hub& hub, Findings& findings) {
  if (::access(hub.key.c_str(), R_OK) != 0 && errno == EACCES && ::geteuid() != 0) {
    add(findings, CheckResult::warning, fmt::format("{}: this user cannot read it", hub.key.native()),
        "run it as root: sudo greenwave doctor");
    return {};
  }
  try {
    auto files = report::read_hub_files(hub);
    if (!files.certificate.empty()) return files;
    add(findings, CheckResult::failed, "this device has no certificate for its hub: nothing is reported",
        fmt::format("sudo greenwave enroll --hub {}", hub.url));
  } catch (const Error& error) {
    add(findings, CheckResult::failed, error.message(), error.remedy());
  }
  return {};
}

void check_mode(const config::Hub& hub, Findings& findings) {
  struct stat about {};
  if (::stat(hub.key.c_str(), &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
  add(findings, CheckResult::failed,
      fmt::format("{} has mode {:04o}: users other than root can report as this device", hub.key.native(),
                  about.st_mode & 07777),
      fmt::format("rm {}, then make a new one: sudo greenwave enroll", hub.key.native()));
}

/// Whether a hub could take it.
bool check_certificate(const config::Hub& hub, const report::HubFiles& files, Time now, Findings& findings) {
  try {
    const auto about = report::read_certificate(files.certificate);
    report::check_certificate(files.certificate, files.key, about.device);
    const auto text =
        fmt::format("the certificate for {} is valid until {}", about.device, moment(about.ends));
    const auto again = fmt::format("sudo greenwave enroll --hub {}", hub.url);
    if (now < about.begins) {
      add(findings, CheckResult::failed,
          fmt::format("the certificate for {} is valid from {}; this device's clock says {}", about.device,
                      moment(about.begins), moment(now)),
          "set the clock: it is probably behind");
      return false;
    }
    if (now >= about.ends) {
      add(findings, CheckResult::failed,
          fmt::format("the certificate for {} expired on {}", about.device, moment(about.ends)),
          hub.enrolled ? again : "renew it where it was made");
      return false;
    }
    const auto renewal = about.renewal(report::stored_at(hub.certificate));
    const bool is_late = now >= renewal + (about.ends - renewal) / 2;
    add(findings, is_late ? CheckResult::warning : CheckResult::ok, text,
        !is_late       ? ""
        : hub.enrolled ? "the agent could not renew it: journalctl -u greenwaved, or " + again
                       : "renew it where it was made");
    return true;
  } catch (const Error& error) {
    add(findings, CheckResult::failed, error.message(), error.remedy());
    return false;
  }
}

void check_answer(const config::Hub& hub, const report::HubFiles& files, Time now, Findings& findings) {
  const std::atomic<bool> never = false;
  http::Request request;
  request.path = "/healthz";
  request.most_bytes = report::most_answer_bytes;
  request.connect = request.timeout = patience;
  try {
    const auto response = http::Client(report::endpoint_of(hub.url, files), never).send(request);
    if (!response.success()) {
      return add(findings, CheckResult::failed,
                 fmt::format("{}: {}", hub.url, report::read_refusal(response.status, response.body)),
                 "is hub.url right? Who runs the hub finds why in its log");
    }
    add(findings, CheckResult::ok, fmt::format("{} answers", hub.url));
    if (!response.date) return;
    const auto off = now > *response.date ? now - *response.date : *response.date - now;
    if (off < clock_tolerance) return;
    add(findings, CheckResult::warning,
        fmt::format("this device's clock says {}, the hub's {}", moment(now), moment(*response.date)),
        "set the clock of the one that is wrong; is an NTP server reached?");
  } catch (const Error& error) {
    add(findings, CheckResult::failed, error.message(), error.remedy());
  }
}

}  // namespace

void check_hub(const config::Hub& hub, Time now, Findings& findings) {
  if (hub.url.empty()) return;
  const auto files = read_files(hub, findings);
  if (!files) return;
  check_mode(hub, findings);
  if (check_certificate(hub, *files, now, findings)) check_answer(hub, *files, now, findings);
}

}  // namespace greenwave::cli
