#include "sync/intake/tips.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::sync {

namespace {

constexpr const char* whom_to_ask =
    "find out who serves an old tip: a mirror that is behind, or somebody on the way to it";

Error refused(std::string message, std::string remedy) {
  return Error(Fault::untrusted, std::move(message), std::move(remedy));
}

bool is_newer(const git::SignedTip& tip, const git::SignedTip& other) {
  return std::pair(tip.sequence, tip.issued) > std::pair(other.sequence, other.issued);
}

/// The last tip of a ref of this repository; null: none was seen.
const git::SignedTip* last_of(const SeenTips& seen, const std::string& repository, const std::string& ref) {
  const auto found = seen.find(ref);
  if (found == seen.end() || found->second.tip.repository != repository) return nullptr;
  return &found->second.tip;
}

void require_nothing_hidden(const std::string& found, const std::vector<std::string>& refs, const TipLaw& law,
                            const SeenTips& seen) {
  for (const auto& ref : refs) {
    if (ref == found) return;
    const auto* tip = last_of(seen, law.repository, ref);
    if (tip == nullptr || tip->expires < law.now) continue;
    throw refused(
        fmt::format("the server has no signed tip of {} any more, and its last one holds until {}",
                    printable(ref), to_iso(tip->expires)),
        "sign a tip of it, or take the wave out of greenwave.yaml before its ref; from that time on the "
        "branch is followed");
  }
}

git::WrittenTip read(const git::StatedTip& stated) {
  if (!stated.text.starts_with("greenwave-tip")) {
    throw refused(fmt::format("the tip of {} is not signed, which trust.tip requires", printable(stated.ref)),
                  "make it with: greenwave tip sign");
  }
  try {
    return git::read_signed_tip(stated.text);
  } catch (const Error& error) {
    throw refused(error.message(), error.remedy());
  }
}

void require_subject(const git::SignedTip& tip, const std::string& ref, const std::string& repository) {
  if (tip.repository != repository) {
    throw refused(fmt::format("the signed tip is about the repository {}, and trust.tip names {}",
                              tip.repository, repository),
                  "write the same name there and in greenwave tip sign --name");
  }
  if (tip.ref != ref) {
    throw refused(fmt::format("the signed tip is about {} instead of {}", printable(tip.ref), printable(ref)),
                  "somebody serves it in another one's place: find out who");
  }
}

void require_not_overtaken(const git::SignedTip& tip, const git::SignedTip& before) {
  if (tip.sequence < before.sequence) {
    throw refused(
        fmt::format("the signed tip of {} is an old one: its sequence is {}, and one with {} was seen, "
                    "issued at {}",
                    printable(tip.ref), tip.sequence, before.sequence, to_iso(before.issued)),
        whom_to_ask);
  }
  if (tip.sequence == before.sequence && tip.commit != before.commit) {
    throw refused(
        fmt::format("two signed tips of {} with the sequence {} name different commits: {} before, and {} "
                    "now",
                    printable(tip.ref), tip.sequence, before.commit.shortened(), tip.commit.shortened()),
        "find out who else signs tips; let one signer alone do so");
  }
}

}  // namespace

Time time_at_least(const SeenTips& seen, Time clock, const BootTime& boot) {
  auto now = clock;
  for (const auto& [ref, known] : seen) {
    const bool is_same_boot = known.when.boot == boot.boot;
    const auto since = is_same_boot ? boot.since - known.when.since : boot.since;
    now = std::max(now, known.tip.issued + std::max(since, Duration::zero()));
  }
  return now;
}

git::JudgedTip judge_tip(const git::StatedTip& stated, const std::vector<std::string>& refs,
                         const TipLaw& law, SeenTips& seen) {
  require_nothing_hidden(stated.ref, refs, law, seen);
  const auto written = read(stated);
  law.trust.verify(written);
  const auto& tip = written.tip;
  require_subject(tip, stated.ref, law.repository);
  const auto* before = last_of(seen, law.repository, tip.ref);
  if (before != nullptr) require_not_overtaken(tip, *before);
  if (before == nullptr || is_newer(tip, *before)) seen[tip.ref] = {tip, law.boot};
  return {.commit = tip.commit, .has_expired = tip.expires < law.now};
}

std::optional<KnownTip> known_tip(const SeenTips& seen, const std::string& repository,
                                  const std::vector<std::string>& refs, Time now) {
  for (const auto& ref : refs) {
    if (const auto* tip = last_of(seen, repository, ref)) return KnownTip{*tip, tip->expires < now};
  }
  return {};
}

void add_newer(SeenTips& seen, const SeenTips& others) {
  for (const auto& [ref, other] : others) {
    const auto [known, is_new] = seen.try_emplace(ref, other);
    const bool is_another = known->second.tip.repository != other.tip.repository;
    if (!is_new && (is_another || is_newer(other.tip, known->second.tip))) known->second = other;
  }
}

bool is_worth_storing(const SeenTips& before, const SeenTips& after) {
  return std::ranges::any_of(after, [&before](const auto& one) {
    const auto known = before.find(one.first);
    if (known == before.end()) return true;
    const auto& is = one.second.tip;
    const auto& was = known->second.tip;
    const auto day = [](Time time) { return std::chrono::floor<std::chrono::days>(time); };
    return is.repository != was.repository || is.sequence != was.sequence ||
           day(is.issued) != day(was.issued);
  });
}

std::string to_text(const SeenTips& seen) {
  auto json = nlohmann::json::array();
  for (const auto& [ref, known] : seen) {
    json.push_back({{"tip", git::statement_of(known.tip)},
                    {"boot", known.when.boot},
                    {"sinceMs", known.when.since.count()}});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

SeenTips seen_tips_from(const std::string& text) {
  SeenTips seen;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) return seen;
  try {
    for (const auto& one : json) {
      auto tip = git::read_statement(one.at("tip").get<std::string>());
      const BootTime when{.boot = one.at("boot").get<std::string>(),
                          .since = Duration(one.at("sinceMs").get<std::int64_t>())};
      auto ref = tip.ref;
      seen.insert_or_assign(std::move(ref), SeenTip{std::move(tip), when});
    }
  } catch (const nlohmann::json::exception&) {
    return seen;  // no writer of ours wrote it
  } catch (const Error&) {
    return seen;
  }
  return seen;
}

}  // namespace greenwave::sync
