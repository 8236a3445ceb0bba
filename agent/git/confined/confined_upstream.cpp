#include "git/confined/confined_upstream.h"

#include <utility>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "config/url.h"
#include "git/fallback_transport.h"
#include "git/ref_name.h"
#include "git/server_transport.h"
#include "git/signed_tip.h"

namespace greenwave::git::confined {

namespace {

std::vector<Endpoint> endpoints_for(const std::string& address) {
  const auto url = config::parse_url(address);
  switch (url.scheme) {
    case config::Url::Scheme::file:
      return {};
    case config::Url::Scheme::ssh:
      return {{url.host, url.port}};
    case config::Url::Scheme::https:
      break;
  }
  return endpoints_of(address);
}

std::filesystem::path directory_of(const std::string& address) {
  const auto url = config::parse_url(address);
  return url.scheme == config::Url::Scheme::file ? url.path : std::string();
}

class ConfinedBundle : public BundleReader {
 public:
  ConfinedBundle(RemoteParts parts, const BundleFile& file)
      : remote_(std::move(parts), {.address = {}, .bundle = file.name}, {}, file.fd.get()) {}

  void show_in(FetchProgress* progress) override { remote_.show_in(progress); }
  BundleHeader header() override { return remote_.ask<BundleHeader>(Ask::header, {}); }
  void unpack(Landing& landing) override {
    remote_.ask<bool>(Ask::unpack, sandbox::to_bytes(landing.limits), &landing);
  }
  std::uint64_t bytes_read() const override { return remote_.counters().bytes_received; }

 private:
  Remote remote_;
};

}  // namespace

ConfinedUpstream::ConfinedUpstream(RemoteParts parts, const std::string& address, LoginSource login)
    : login_(std::move(login)),
      remote_(std::move(parts), {.address = address, .bundle = {}}, endpoints_for(address)),
      tip_files_(directory_of(address), clock_) {}

void ConfinedUpstream::show_in(FetchProgress* progress) {
  Upstream::show_in(progress);
  remote_.show_in(progress);
}

Tip ConfinedUpstream::poll(const std::vector<std::string>& refs) {
  if (const auto known = tip_files_.tip(refs)) return *known;
  const auto before = tip_files_.look(refs);
  auto tip = remote_.ask<Tip>(Ask::poll, sandbox::to_bytes(Poll{login_(), refs}));
  if (!contains(refs, tip.ref)) {
    throw Error(Fault::transient, "the fetcher says that it has found a ref that nobody asked for");
  }
  tip_files_.remember(before, tip);
  return tip;
}

StatedTip ConfinedUpstream::stated_tip(const std::vector<std::string>& refs) {
  auto tip = remote_.ask<StatedTip>(Ask::stated_tip, sandbox::to_bytes(Poll{login_(), refs}));
  if (!contains(refs, tip.ref) || tip.text.size() > most_tip + 1) {
    throw Error(Fault::transient, "the fetcher says that it has found a tip that nobody asked for");
  }
  return tip;
}

std::optional<CommitId> ConfinedUpstream::find(const std::string& ref) {
  return remote_.ask<std::optional<CommitId>>(Ask::find, sandbox::to_bytes(Poll{login_(), {ref}}));
}

Held ConfinedUpstream::hold(const Hold& hold) {
  return remote_.wait<Held>(Ask::hold, sandbox::to_bytes(Waiting{login_(), hold.most}), hold.end);
}

bool ConfinedUpstream::sends_single_objects() {
  return remote_.ask<bool>(Ask::single_objects, sandbox::to_bytes(login_()));
}

bool ConfinedUpstream::fetch(const FetchRequest& request, Landing& landing) {
  const Fetch question{login_(), request, landing.limits, landing.fetched};
  return remote_.ask<bool>(Ask::fetch, sandbox::to_bytes(question), &landing);
}

void ConfinedUpstream::leave() {
  keeps_connection_ = false;
  if (!remote_.is_running()) return;
  try {
    keeps_connection_ = remote_.ask<bool>(Ask::leave, {});
  } catch (const Error&) {
    // The conversation is over either way.
  }
}

void ConfinedUpstream::rest() {
  if (!keeps_connection_) remote_.end();
}

std::unique_ptr<Transport> make_confined_transport(const config::Repository& repository, RemoteParts parts) {
  const auto make = [&](const std::string& url, const config::Credentials& credentials, RemoteParts own) {
    auto upstream = std::make_unique<ConfinedUpstream>(std::move(own), url,
                                                       [credentials] { return read_login(credentials); });
    return std::make_unique<ServerTransport>(std::move(upstream), full_ref_name(repository.branch),
                                             repository.path, parts.stop);
  };
  if (repository.fallbacks.empty()) return make(repository.url, repository.credentials, parts);
  std::vector<FallbackTransport::Source> sources;
  sources.push_back({repository.url, make(repository.url, repository.credentials, parts)});
  for (const auto& fallback : repository.fallbacks) {
    auto own = parts;
    own.quarantine += fmt::format("-{}", sources.size());  // each empties its own
    sources.push_back({fallback.url, make(fallback.url, fallback.credentials, std::move(own))});
  }
  auto transport = std::make_unique<FallbackTransport>(std::move(sources), parts.stop, parts.told);
  transport->follow({full_ref_name(repository.branch)});
  return transport;
}

std::unique_ptr<BundleReader> read_confined(RemoteParts parts, const BundleFile& file) {
  return std::make_unique<ConfinedBundle>(std::move(parts), file);
}

}  // namespace greenwave::git::confined
