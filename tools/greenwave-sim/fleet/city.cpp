#include "fleet/city.h"

#include <utility>

namespace greenwave::sim {

namespace {

TlsContext hub_context_of(const CityAddress& address) {
  return address.hub ? make_client_context(address.hub->authorities) : TlsContext();
}

Target hub_of(const CityAddress& address, SSL_CTX* context) {
  if (!address.hub) return {};
  return {.host = address.hub->host, .port = address.hub->port, .context = context};
}

}  // namespace

City::City(std::size_t number_, const CityAddress& address_, Duration interval_)
    : number(number_),
      address(address_),
      interval(interval_),
      git_context(make_client_context(address.authorities)),
      hub_context(hub_context_of(address)),
      git{.host = address.host, .port = address.port, .context = git_context.get()},
      hub(hub_of(address, hub_context.get())) {}

nlohmann::json City::take() {
  tally.git = git_traffic - std::exchange(taken_git_, git_traffic);
  tally.hub = hub_traffic - std::exchange(taken_hub_, hub_traffic);
  return to_json(std::exchange(tally, {}));
}

Traffic City::traffic() const {
  auto all = git_traffic;
  all.requests += hub_traffic.requests;
  all.connections += hub_traffic.connections;
  return all;
}

}  // namespace greenwave::sim
