#include "git/refs.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "git/ref_name.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_branches = 100;
constexpr std::size_t most_capabilities = 200;

/// "fetch=shallow filter" becomes "fetch", "fetch.shallow" and "fetch.filter".
void add_capability(Greeting& greeting, std::string_view line) {
  const auto equals = line.find('=');
  const auto key = std::string(line.substr(0, equals));
  const auto add = [&](std::string name) {
    if (greeting.capabilities.size() < most_capabilities) greeting.capabilities.insert(std::move(name));
  };
  add(key);
  if (equals == std::string_view::npos) return;
  for (const auto value : split(line.substr(equals + 1), ' ')) add(key + "." + std::string(value));
}

}  // namespace

RefSearch::RefSearch(const std::vector<std::string>& wanted) {
  for (const auto& name : wanted) wanted_.push_back({name});
}

void RefSearch::add(std::string_view oid, std::string_view name) {
  for (auto& wanted : wanted_) {
    if (name == wanted.name) wanted.oid = oid;
  }
  if (name.starts_with("refs/heads/") && branches_.size() < most_branches) branches_.emplace_back(name);
}

void RefSearch::add_peeled(std::string_view oid, std::string_view name) {
  for (auto& wanted : wanted_) {
    if (name == wanted.name) wanted.peeled = oid;
  }
}

const RefSearch::Wanted* RefSearch::first() const {
  const auto found = std::ranges::find_if(wanted_, [](const auto& wanted) { return !wanted.oid.empty(); });
  return found == wanted_.end() ? nullptr : &*found;
}

CommitId RefSearch::result() const {
  const auto* found = first();
  if (found == nullptr) throw no_such_ref(wanted_.back().name, branches_);
  return CommitId(found->peeled.empty() ? found->oid : found->peeled);
}

std::optional<CommitId> RefSearch::object() const {
  const auto* found = first();
  if (found == nullptr) return {};
  return CommitId(found->oid);
}

std::string RefSearch::found() const {
  const auto* found = first();
  return found == nullptr ? "" : found->name;
}

void RefDigest::add(std::string_view oid, std::string_view name) {
  const auto begins = [name](const std::string& prefix) { return name.starts_with(prefix); };
  if (std::ranges::any_of(prefixes_, begins)) hasher_.add_field(oid).add_field(name);
}

std::pair<std::string_view, std::string_view> split_ref(std::string_view line) {
  const auto oid = line.substr(0, 40);
  const bool good = oid.size() == 40 && line.size() > 41 && line[40] == ' ' &&
                    oid.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!good) {
    throw Error(Fault::transient, "the server's list of refs is not in git's format",
                "is repository.url a git repository with SHA-1 names?");
  }
  return {oid, line.substr(41)};
}

Greeting read_greeting(PacketReader& reader, RefSink& refs) {
  Greeting greeting;
  bool first = true;
  for (;;) {
    auto line = reader.read_line();
    if (line.kind == Packet::Kind::end_of_stream) {
      throw Error(Fault::transient, "the server closed the connection without a response",
                  "is repository.url a git repository?");
    }
    if (line.kind != Packet::Kind::data) return greeting;
    if (first && line.payload.starts_with("# service=")) {  // a line that only HTTP has, and a flush
      reader.read_line();
      continue;
    }
    if (first && line.payload == "version 1") continue;
    if (first && line.payload == "version 2") {
      greeting.version = 2;
    } else if (greeting.version == 2) {
      add_capability(greeting, line.payload);
    } else if (!line.payload.starts_with("shallow ")) {
      const auto end = line.payload.find('\0');
      if (first && end != std::string_view::npos) {
        for (const auto word : split(line.payload.substr(end + 1), ' ')) {
          if (!word.empty()) add_capability(greeting, word);
        }
      }
      const auto [oid, name] = split_ref(line.payload.substr(0, end));
      if (name.ends_with("^{}")) {
        refs.add_peeled(oid, name.substr(0, name.size() - 3));
      } else {
        refs.add(oid, name);
      }
    }
    first = false;
  }
}

}  // namespace greenwave::git
