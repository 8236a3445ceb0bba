#include <ctime>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/openssl.h"

namespace greenwave::cli {

namespace {

constexpr Duration soon = std::chrono::hours(24 * 14);

Time time_of(const ASN1_TIME* written) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(written, &parts) != 1) return {};
  return Time(std::chrono::seconds(::timegm(&parts)));
}

std::string name_of(const X509_NAME* name) {
  char text[256] = {};
  X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), NID_commonName, text, sizeof text);
  if (text[0] == '\0') X509_NAME_oneline(name, text, sizeof text);
  return printable(text);
}

/// The hosts that a certificate is for: its subjectAltNames, or, without any, its subject.
std::string hosts_of(X509* certificate) {
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string hosts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    hosts += (hosts.empty() ? "" : ", ") +
             printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                        static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))});
  }
  return hosts.empty() ? name_of(X509_get_subject_name(certificate)) : hosts;
}

std::string last_error() {
  char text[256] = "the connection was closed, or timed out";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  return printable(text);
}

/// OpenSSL checks the certificate and its name, but continues when they are wrong, so that the certificate
/// can be shown. Nothing is sent over this connection after the handshake.
Ssl handshake(SSL_CTX* context, const Fd& socket, const std::string& host) {
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  Ssl ssl(SSL_new(context));
  auto* expected = SSL_get0_param(ssl.get());
  in6_addr numeric{};
  if (::inet_pton(AF_INET, host.c_str(), &numeric) == 1 ||
      ::inet_pton(AF_INET6, host.c_str(), &numeric) == 1) {
    X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size());
  }
  SSL_set_fd(ssl.get(), socket.get());
  return SSL_connect(ssl.get()) == 1 ? std::move(ssl) : nullptr;
}

Finding judge(long result, X509* certificate, const std::string& host, Time now) {
  const auto begins = time_of(X509_get0_notBefore(certificate));
  const auto ends = time_of(X509_get0_notAfter(certificate));
  const auto issuer = name_of(X509_get_issuer_name(certificate));
  const auto shown = fmt::format("the certificate for {} by {}", hosts_of(certificate), issuer);
  const auto failed = [](std::string text, std::string remedy) {
    return Finding{CheckResult::failed, "tls", std::move(text), std::move(remedy)};
  };
  switch (result) {
    case X509_V_OK:
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return failed(
          fmt::format("{} expired on {}; this device's clock says {}", shown, moment(ends), moment(now)),
          "if the clock is right, renew the server's certificate");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return failed(
          fmt::format("{} is valid from {}; this device's clock says {}", shown, moment(begins), moment(now)),
          "set the clock: it is probably behind");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return failed(fmt::format("{} is not for {}", shown, host),
                    "use a name from the certificate in repository.url, or fix the server's certificate");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return failed(
          fmt::format("{} is not signed by an authority that this device trusts", shown),
          "set repository.credentials.caFile to the authority's certificate, or install ca-certificates");
    default:
      return failed(fmt::format("{}: {}", shown, X509_verify_cert_error_string(result)),
                    "fix the server's certificate, or the authorities in caFile");
  }
  const auto good = fmt::format("{}, valid until {}", shown, moment(ends));
  if (ends - now < soon) {
    return {CheckResult::warning, "tls", good, "renew the server's certificate before then"};
  }
  return {CheckResult::ok, "tls", good, ""};
}

}  // namespace

void check_tls(const Fd& socket, const std::string& host, const std::filesystem::path& ca_file, Time now,
               Findings& findings) {
  const SslContext context(SSL_CTX_new(TLS_client_method()));
  const bool trusting = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                                        : SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) == 1;
  if (!trusting) {
    findings.push_back({CheckResult::failed, "tls",
                        fmt::format("{} can't be read: {}", ca_file.native(), last_error()),
                        "caFile must contain certificates in PEM form"});
    return;
  }
  const auto ssl = handshake(context.get(), socket, host);
  if (!ssl) {
    findings.push_back({CheckResult::failed, "tls",
                        fmt::format("no TLS connection to {}: {}", host, last_error()),
                        "check that the port in repository.url is the server's https port"});
    return;
  }
  const Certificate certificate(SSL_get1_peer_certificate(ssl.get()));
  if (!certificate) {
    findings.push_back({CheckResult::failed, "tls", fmt::format("{} sent no certificate", host),
                        "fix the server's TLS configuration"});
    return;
  }
  findings.push_back(judge(SSL_get_verify_result(ssl.get()), certificate.get(), host, now));
}

}  // namespace greenwave::cli
