#include <thread>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "doctor/checks.h"
#include "doctor/openssl.h"
#include "secrets/identity.h"
#include "unit/control/served.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;
using cli::CheckResult;

namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

/// A TLS server on loopback with a certificate of its own for "git.example", valid for the given days around
/// now.
class TlsServer {
 public:
  TlsServer(int begins, int ends) : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 1);
    X509_time_adj_ex(X509_getm_notBefore(certificate_.get()), begins, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(certificate_.get()), ends, 0, nullptr);
    X509_set_version(certificate_.get(), 2);
    X509_set_pubkey(certificate_.get(), key_.get());
    auto* name = X509_get_subject_name(certificate_.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("City CA"),
                               -1, -1, 0);
    X509_set_issuer_name(certificate_.get(), name);
    auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:git.example");
    X509_add_ext(certificate_.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::listen(listening_.get(), 4);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() { thread_.join(); }

  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
  }
  void write_certificate(const std::filesystem::path& path) const {
    const std::unique_ptr<BIO, Freed<BIO_free_all>> out(BIO_new_file(path.c_str(), "w"));
    PEM_write_bio_X509(out.get(), certificate_.get());
  }

 private:
  /// One connection, then the end.
  void serve() {
    const Fd peer(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const cli::SslContext context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context.get(), key_.get());
    const cli::Ssl ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), peer.get());
    SSL_accept(ssl.get());
  }

  Key key_;
  cli::Certificate certificate_;
  Fd listening_;
  std::thread thread_;
};

cli::Finding tls_finding(int begins, int ends, const std::string& host, bool trusted) {
  const TemporaryDirectory directory;
  const TlsServer server(begins, ends);
  const auto ca_file = trusted ? directory.path() / "ca.pem" : std::filesystem::path();
  if (trusted) server.write_certificate(ca_file);
  cli::Findings findings;
  const auto socket = cli::check_connection("127.0.0.1", server.port(), findings);
  REQUIRE(socket);
  findings.clear();
  cli::check_tls(socket, host, ca_file, SystemClock().now(), findings);
  REQUIRE(findings.size() == 1);
  return findings[0];
}

cli::Finding only(const cli::Findings& findings) {
  REQUIRE(findings.size() == 1);
  return findings[0];
}

}  // namespace

TEST_CASE(
    "doctor: distinguishes a certificate that is good, expired, not yet valid, of another host, or "
    "untrusted") {
  CHECK(tls_finding(-10, 90, "git.example", true).result == CheckResult::ok);
  const auto ends_soon = tls_finding(-10, 5, "git.example", true);
  CHECK(ends_soon.result == CheckResult::warning);
  const auto expired = tls_finding(-10, -1, "git.example", true);
  CHECK(expired.result == CheckResult::failed);
  CHECK_THAT(expired.text,
             Contains("git.example by City CA expired on") && Contains("this device's clock says"));
  CHECK_THAT(tls_finding(1, 90, "git.example", true).remedy, Contains("set the clock"));
  CHECK_THAT(tls_finding(-10, 90, "other.example", true).text, Contains("is not for other.example"));
  const auto unknown = tls_finding(-10, 90, "git.example", false);
  CHECK(unknown.result == CheckResult::failed);
  CHECK_THAT(unknown.remedy, Contains("caFile"));
}

TEST_CASE("doctor: distinguishes a name that does not resolve from a port that refuses") {
  cli::Findings findings;
  CHECK_FALSE(cli::check_connection("no-such-host.invalid", 443, findings));
  CHECK(only(findings).check == "dns");
  CHECK(only(findings).result == CheckResult::failed);
  findings.clear();
  CHECK_FALSE(cli::check_connection("127.0.0.1", 1, findings));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].result == CheckResult::ok);
  CHECK_THAT(findings[1].text, Contains("port 1 of 127.0.0.1") && Contains("refused"));
}

TEST_CASE("doctor: a clock that is unset or behind the records is found") {
  const auto verdict = [](const char* now, std::optional<Time> newest) {
    cli::Findings findings;
    cli::check_clock(from_iso(now), newest, findings);
    return only(findings).result;
  };
  CHECK(verdict("1970-01-01T00:05:00Z", {}) == CheckResult::failed);
  CHECK(verdict("2026-11-24T06:00:00Z", from_iso("2026-11-25T06:00:00Z")) == CheckResult::failed);
  CHECK(verdict("2026-11-24T06:00:00Z", from_iso("2026-11-24T05:59:00Z")) == CheckResult::ok);
}

TEST_CASE("doctor: credentials that are missing, empty or open to others are found") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "token";
  config::Credentials credentials;
  credentials.token_file = path;
  const auto finding = [&credentials] {
    cli::Findings findings;
    cli::check_credentials(credentials, findings);
    return only(findings);
  };
  CHECK_THAT(finding().text, Contains("tokenFile") && Contains("No such file"));
  replace_file(path, "", 0600);
  CHECK_THAT(finding().text, Contains("is empty"));
  replace_file(path, "secret", 0600);
  CHECK(finding().result == CheckResult::ok);
  ::chmod(path.c_str(), 0644);
  CHECK(finding().result == CheckResult::warning);
  CHECK_THAT(finding().remedy, Contains("chmod 600"));
}

TEST_CASE("doctor: an identity that is missing, broken or open to others is found, and never shown") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "identity";
  config::Config config;
  const auto findings = [&config] {
    cli::Findings found;
    cli::check_identity(config, found);
    return found;
  };
  CHECK(only(findings()).result == CheckResult::ok);
  config.identity_files = {path};
  CHECK(only(findings()).result == CheckResult::failed);
  replace_file(path, "AGE-SECRET-KEY-1BROKEN\n", 0600);
  CHECK(only(findings()).result == CheckResult::failed);
  CHECK_THAT(only(findings()).text, !Contains("1BROKEN"));
  const auto identity = secrets::new_identity();
  replace_file(path, secrets::to_text(identity) + "\n", 0600);
  CHECK(only(findings()).result == CheckResult::ok);
  CHECK_THAT(only(findings()).text, Contains(identity.recipient));
  ::chmod(path.c_str(), 0644);
  CHECK(findings().front().result == CheckResult::failed);
  CHECK_THAT(findings().front().remedy, Contains("chmod 600"));
}

TEST_CASE("doctor: an ssh server whose key is not known is found before anything is asked of it") {
  const TemporaryDirectory directory;
  replace_file(directory.path() / "known_hosts", "other.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n");
  const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  ::listen(listening.get(), 4);
  ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length);
  config::Repository repository;
  repository.url = "ssh://git@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/city.git";
  repository.credentials.known_hosts_file = directory.path() / "known_hosts";
  cli::Findings findings;
  cli::check_repository(repository, SystemClock().now(), findings);
  const auto found =
      std::find_if(findings.begin(), findings.end(), [](const auto& one) { return one.check == "ssh"; });
  REQUIRE(found != findings.end());
  CHECK(found->result == CheckResult::failed);
  CHECK_THAT(found->remedy, Contains("ssh-keyscan"));
  CHECK(findings.back().check == "ssh");
}

TEST_CASE("doctor: says plainly who is root, and what binds a commit") {
  const auto said = [](const config::Config& config) {
    cli::Findings findings;
    cli::check_rights(config, findings);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].result == CheckResult::ok);
    return findings[0].text;
  };
  config::Config config;
  CHECK_THAT(said(config), Contains("whoever can push is root here"));
  config.allowed_signers = "/etc/greenwave/allowed_signers";
  CHECK_THAT(said(config), Contains("whoever may sign commits is root here"));
  config.allowed_kinds = {{"File"}};
  config.program_users.emplace();
  CHECK(said(config) == "whoever may sign commits is bound by allowedKinds, commands.users in agent.yaml");
}

TEST_CASE("doctor: shows findings in lines and as JSON") {
  const cli::Findings findings{
      {CheckResult::ok, "clock", "2026-11-24 06:11 UTC", ""},
      {CheckResult::failed, "disk", "state directory /var/lib/greenwave: 1.0 MiB free", "free some"}};
  CHECK(cli::findings_text(findings, {false, false, 80}) == R"(ok        clock         2026-11-24 06:11 UTC
failed    disk          state directory /var/lib/greenwave: 1.0 MiB free
                     -> free some

1 failed, 0 warnings.
)");
  CHECK(cli::to_json(findings)["ok"] == false);
  CHECK(cli::to_json(findings)["checks"][1]["result"] == "failed");
}
