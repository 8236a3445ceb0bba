#include "drivers/workload/pull_fault.h"

#include <catch2/catch.hpp>

using namespace greenwave;
using drivers::workload::fault_of_pull;

TEST_CASE("a pull that the network, the registry's load or a full disk ends is tried again") {
  for (const char* text :
       {"initializing source docker://registry.city/spat:1: pinging container registry registry.city: Get "
        "\"https://registry.city/v2/\": dial tcp 10.0.0.1:443: connect: connection refused",
        "Get \"https://registry.city/v2/\": dial tcp: lookup registry.city: no such host",
        "Get \"https://registry.city/v2/\": dial tcp: lookup registry.city on 127.0.0.53:53: server "
        "misbehaving",
        "Get \"https://registry.city/v2/\": net/http: TLS handshake timeout",
        "Get \"https://registry.city/v2/\": context deadline exceeded",
        "received unexpected HTTP status: 503 Service Unavailable",
        "reading manifest 1 in registry.city/spat: toomanyrequests: You have reached your pull rate limit",
        "writing blob: adding layer with blob: ApplyLayer exit status 1: write /x: no space left on device",
        "Get \"https://registry.city/v2/\": tls: failed to verify certificate: x509: certificate has expired "
        "or "
        "is not yet valid: current time 2021-01-01T00:00:12Z is before 2026-01-01T00:00:00Z",
        "unexpected EOF", "something that nobody has seen yet"}) {
    INFO(text);
    CHECK(passes(fault_of_pull(text)));
  }
}

TEST_CASE("a pull that the registry refuses fails for as long as the commit names that image") {
  for (const char* text :
       {"reading manifest 9 in registry.city/spat: manifest unknown: manifest unknown",
        "reading manifest 1 in registry.city/other: name unknown: repository name not known to registry",
        "unable to retrieve auth token: invalid username/password: unauthorized: authentication required",
        "reading manifest latest in docker.io/library/nothing: requested access to the resource is denied",
        "invalid reference format",
        "choosing image instance: no image found in manifest list for architecture arm64",
        "Get \"https://registry.city/v2/\": http: server gave HTTP response to HTTPS client",
        "tls: failed to verify certificate: x509: certificate signed by unknown authority"}) {
    INFO(text);
    CHECK_FALSE(passes(fault_of_pull(text)));
  }
}
