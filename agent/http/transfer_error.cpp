#include "http/transfer_error.h"

#include <fmt/format.h>

namespace greenwave::http {

namespace {

bool has(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

Trouble trouble_of(CURLcode code, std::string_view reason) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Trouble::unknown_host;
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Trouble::unknown_proxy;
    case CURLE_COULDNT_CONNECT:
      return Trouble::unreachable;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_ABORTED_BY_CALLBACK:
      return Trouble::silent;
    case CURLE_PEER_FAILED_VERIFICATION:
      return Trouble::untrusted;
    case CURLE_SSL_CACERT_BADFILE:
      return Trouble::bad_authorities;
    case CURLE_SSL_CERTPROBLEM:
      return Trouble::bad_certificate;
    case CURLE_SSL_CONNECT_ERROR:
      return Trouble::no_tls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Trouble::bad_address;
    default:
      return has(reason, "certificate required") || has(reason, "bad certificate")
                 ? Trouble::certificate_wanted
                 : Trouble::lost;
  }
}

Fault fault_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::untrusted:
      return Fault::untrusted;
    case Trouble::bad_authorities:
    case Trouble::bad_certificate:
    case Trouble::certificate_wanted:
    case Trouble::bad_address:
      return Fault::invalid;
    default:
      return Fault::transient;
  }
}

std::string certificate_remedy(std::string_view reason, const Remedies& remedies) {
  if (has(reason, "expired") || has(reason, "not yet valid")) {
    return fmt::format("this device's clock says {}: if that is right, the server needs a new certificate",
                       to_iso(SystemClock().now()));
  }
  const bool other_host = has(reason, "subject name") || has(reason, "host name") || has(reason, "hostname");
  return std::string(other_host ? remedies.wrong_host : remedies.unknown_authority);
}

std::string_view remedy_of(Trouble trouble, const Remedies& remedies) {
  switch (trouble) {
    case Trouble::unknown_host:
      return remedies.unknown_host;
    case Trouble::unknown_proxy:
      return remedies.unknown_proxy;
    case Trouble::unreachable:
      return remedies.unreachable;
    case Trouble::silent:
      return remedies.silent;
    case Trouble::untrusted:
      return remedies.unknown_authority;
    case Trouble::bad_authorities:
      return remedies.bad_authorities;
    case Trouble::bad_certificate:
      return remedies.bad_certificate;
    case Trouble::certificate_wanted:
      return remedies.certificate_wanted;
    case Trouble::no_tls:
      return remedies.no_tls;
    case Trouble::bad_address:
      return remedies.bad_address;
    case Trouble::too_large:
      return {};
    case Trouble::lost:
      break;
  }
  return remedies.lost;
}

}  // namespace

TransferError transfer_error(const Easy& easy, CURLcode code, std::string_view server,
                             const Remedies& remedies) {
  const auto reason =
      code == CURLE_ABORTED_BY_CALLBACK ? "the server has been silent for too long" : easy.reason(code);
  const auto trouble = trouble_of(code, reason);
  return {trouble, fault_of(trouble), fmt::format("{}: {}", server, reason),
          trouble == Trouble::untrusted ? certificate_remedy(reason, remedies)
                                        : std::string(remedy_of(trouble, remedies)),
          easy.os_error()};
}

}  // namespace greenwave::http
