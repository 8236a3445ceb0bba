#include "notices/message.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "http/encoded.h"

namespace greenwave::hub {

namespace {

using nlohmann::json;

constexpr std::size_t most_failures = 20;
constexpr std::size_t most_says = 140;  // GitHub takes no more
constexpr std::size_t most_subject = 150;

std::string written(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_in(const json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->is_string() ? printable(found->get_ref<const std::string&>()) : "";
}

/// A longer key is hashed first (RFC 2104).
std::string key_of(std::string_view secret) {
  constexpr std::size_t block = 64;
  return secret.size() > block ? std::string(view(sha256(secret))) : std::string(secret);
}

void add(std::vector<FailureGroup>& groups, const FailureGroup& more) {
  const auto known = std::ranges::find(groups, more.reason, &FailureGroup::reason);
  if (known == groups.end()) {
    groups.push_back(more);
  } else {
    known->devices += more.devices;
  }
}

void finish(CommitStanding& commit, const std::vector<const WaveStanding*>& waves) {
  std::vector<std::string> open;
  // The way ends at the branch: the waves before it may be at the next commit by then.
  const bool has_arrived = std::ranges::any_of(waves, [](const auto* wave) { return wave->wave.empty(); });
  for (const auto* wave : waves) {
    if (!wave->halted.empty()) {
      commit.halted.push_back(wave->halted);
      for (const auto& failure : wave->failures) add(commit.failures, failure);
    } else if (!wave->is_done) {
      open.push_back(
          fmt::format("{} of {} in {} healthy", wave->tally.healthy, wave->tally.devices, wave->name()));
    }
  }
  std::ranges::stable_sort(commit.failures, std::ranges::greater{}, &FailureGroup::devices);
  if (commit.failures.size() > most_failures) commit.failures.resize(most_failures);
  if (!commit.halted.empty()) {
    commit.state = CommitStanding::State::failure;
    commit.says = commit.halted.front();
    if (!commit.failures.empty() && !commit.failures.front().reason.empty())
      commit.says += ": " + commit.failures.front().reason;
  } else if (open.empty() && has_arrived) {
    commit.state = CommitStanding::State::success;
    commit.says = "rolled out, and healthy";
  } else {
    std::vector<std::string> names;
    for (const auto* wave : waves) names.push_back(wave->name());
    commit.says = open.empty() ? fmt::format("healthy in {}", fmt::join(names, ", ")) : open.front();
  }
  commit.says = in_one_line(commit.says, most_says - 3);
}

/// "=?utf-8?B?…?=", in words of at most 75 characters (RFC 2047), where it is not plain ASCII.
std::string encoded_subject(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }) &&
      text.find("=?") == std::string::npos)
    return text;
  constexpr std::size_t most_bytes = 42;
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.size(), at + most_bytes);
    while (end < text.size() && (text[end] & 0xC0) == 0x80) --end;
    result += fmt::format("{}=?utf-8?B?{}?=", at == 0 ? "" : "\n ", encode_base64(text.substr(at, end - at)));
    at = end;
  }
  return result;
}

std::string date_of(Time now) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(
                         std::chrono::time_point_cast<std::chrono::system_clock::duration>(now))));
}

std::string_view gitlab_word(std::string_view state) {
  return state == "failure" ? "failed" : state;
}

}  // namespace

std::string_view to_string(CommitStanding::State state) {
  switch (state) {
    case CommitStanding::State::success:
      return "success";
    case CommitStanding::State::failure:
      return "failure";
    case CommitStanding::State::pending:
      break;
  }
  return "pending";
}

std::vector<CommitStanding> commits_of(const std::vector<WaveStanding>& waves) {
  std::vector<CommitStanding> commits;
  for (const auto& wave : waves) {
    if (std::ranges::find(commits, wave.commit, &CommitStanding::commit) != commits.end()) continue;
    std::vector<const WaveStanding*> at_it;
    for (const auto& other : waves) {
      if (other.commit == wave.commit) at_it.push_back(&other);
    }
    CommitStanding commit{
        .commit = wave.commit, .subject = wave.subject, .says = {}, .halted = {}, .failures = {}};
    finish(commit, at_it);
    commits.push_back(std::move(commit));
  }
  return commits;
}

json halt_json(const std::string& city, const CommitStanding& commit, const std::string& page) {
  auto reasons = json::array();
  for (const auto& failure : commit.failures) {
    reasons.push_back(
        {{"reason", failure.reason}, {"devices", failure.devices}, {"examples", failure.examples}});
  }
  return {{"city", city},
          {"commit", commit.commit},
          {"subject", commit.subject},
          {"halted", commit.halted},
          {"reasons", std::move(reasons)},
          {"page", page}};
}

Call webhook_call(const WebhookPlace& place, const json& notice, std::string_view secret) {
  Call call{.method = "POST", .url = place.url, .body = written(notice)};
  call.headers = {"Content-Type: application/json", "X-Greenwave-Event: " + text_in(notice, "event"),
                  "X-Greenwave-Delivery: " + text_in(notice, "id"),
                  "X-Hub-Signature-256: sha256=" + to_hex(hmac_sha256(key_of(secret), call.body))};
  return call;
}

std::string mail_text(const MailPlace& place, const json& notice, Time now) {
  const bool is_over = text_in(notice, "event") == "over";
  const auto city = text_in(notice, "city");
  const auto commit = text_in(notice, "commit").substr(0, 12);
  const auto subject =
      in_one_line(fmt::format("[greenwave] {}: {} {} ({})", city, commit,
                              is_over ? "no longer halted" : "halted", text_in(notice, "subject")),
                  most_subject);
  auto text = fmt::format(
      "From: {}\nTo: {}\nSubject: {}\nDate: {}\nMessage-ID: <{}.{}>\nAuto-Submitted: auto-generated\n"
      "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n",
      place.from, fmt::join(place.to, ",\n "), encoded_subject(subject), date_of(now),
      to_hex(sha256(text_in(notice, "id"))).substr(0, 32), place.from);
  auto body = fmt::format("{}\n{} {}\n\n", city, text_in(notice, "commit"), text_in(notice, "subject"));
  body += is_over ? "The rollout of this commit is no longer halted.\n"
                  : "The rollout of this commit is halted:\n";
  for (const auto& line : notice.value("halted", json::array())) {
    if (line.is_string() && !is_over) body += "  " + printable(line.get_ref<const std::string&>()) + "\n";
  }
  for (const auto& reason : notice.value("reasons", json::array())) {
    if (is_over || !reason.is_object()) continue;
    const auto why = text_in(reason, "reason");
    body += fmt::format("\n{}: {}\n", count_of(reason.value("devices", std::size_t{0}), "device"),
                        why.empty() ? "no reason given" : why);
    for (const auto& device : reason.value("examples", json::array())) {
      if (device.is_string()) body += "    " + printable(device.get_ref<const std::string&>()) + "\n";
    }
  }
  body += "\ngreenwave fleet rollout shows how far each wave is.\n";
  if (const auto page = text_in(notice, "page"); !page.empty()) body += page + "\n";
  const auto encoded = encode_base64(body);
  constexpr std::size_t line = 76;
  for (std::size_t at = 0; at < encoded.size(); at += line) text += encoded.substr(at, line) + "\n";
  return text;
}

json status_json(const std::string& city, const CommitStanding& commit, const std::string& page) {
  return {{"commit", commit.commit},
          {"state", to_string(commit.state)},
          {"says", commit.says},
          {"context", "greenwave/" + city},
          {"page", page}};
}

Call status_call(const CommitsPlace& place, const json& status, std::string_view token) {
  const auto state = text_in(status, "state");
  const auto commit = http::encoded(text_in(status, "commit"));
  Call call{.method = "POST", .url = place.url};
  json body{{"description", text_in(status, "says")}};
  if (const auto page = text_in(status, "page"); !page.empty()) body["target_url"] = page;
  call.headers = {"Content-Type: application/json", "Accept: application/json"};
  if (place.server == CommitsPlace::Server::gitlab) {
    call.url += fmt::format("/api/v4/projects/{}/statuses/{}", http::encoded(place.project), commit);
    call.headers.push_back(fmt::format("PRIVATE-TOKEN: {}", token));
    body["state"] = gitlab_word(state);
    body["name"] = text_in(status, "context");
  } else {
    const bool is_github = place.server == CommitsPlace::Server::github;
    call.url += fmt::format("{}/repos/{}/statuses/{}", is_github ? "" : "/api/v1", place.project, commit);
    call.headers.push_back(fmt::format("Authorization: {} {}", is_github ? "Bearer" : "token", token));
    body["state"] = state;
    body["context"] = text_in(status, "context");
  }
  call.body = written(body);
  return call;
}

}  // namespace greenwave::hub
