#include "report/hub_key.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "base/file.h"
#include "support/server.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using Catch::Contains;

namespace {

/// Signs a request as a city's hub would.
struct Authority {
  test::TemporaryDirectory directory;

  Authority() {
    test::run_or_throw({"openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-subj", "/CN=city", "-days", "2", "-keyout",
                        path("ca.key"), "-out", path("ca.pem")});
  }
  std::string path(const char* name) const { return (directory / name).native(); }

  std::string sign(const std::string& request, const std::string& days) const {
    directory.write("request.pem", request);
    test::run_or_throw({"openssl", "x509", "-req", "-in", path("request.pem"), "-CA", path("ca.pem"),
                        "-CAkey", path("ca.key"), "-days", days, "-out", path("device.pem")});
    return read_file(path("device.pem"), 1 << 16);
  }
};

}  // namespace

TEST_CASE("hub key: a certificate for it says which device it is for, and when to renew it") {
  const Authority authority;
  const auto key = report::new_key();
  for (const auto& device :
       {std::string("sf-0042"), std::string("a/b-") + std::string(200, 'x'), std::string("Ampel-ä")}) {
    const auto pem = authority.sign(report::certificate_request(key, device), "90");
    const auto about = report::check_certificate(pem, key, device);
    CHECK(about.device == device);
    CHECK(about.ends - about.begins == std::chrono::days(90));
    CHECK(about.renewal(about.begins) == about.begins + std::chrono::days(60));
  }
}

TEST_CASE("hub key: what counts for the renewal is how long the certificate is here, and its end") {
  const auto day = [](int number) { return Time(std::chrono::days(number)); };
  const report::Certificate certificate{.device = "sf-0042", .begins = day(18'000), .ends = day(20'090)};
  CHECK(certificate.renewal(day(20'000)) == day(20'060));
  CHECK(certificate.renewal(day(0)) == day(18'000) + (day(20'090) - day(18'000)) * 2 / 3);
  CHECK(certificate.renewal(day(30'000)) == day(20'090));
}

TEST_CASE("hub key: a certificate for another key or device is refused") {
  const Authority authority;
  const auto key = report::new_key();
  const auto pem = authority.sign(report::certificate_request(key, "sf-0042"), "90");
  CHECK_THROWS_WITH(report::check_certificate(pem, report::new_key(), "sf-0042"), Contains("another key"));
  CHECK_THROWS_WITH(report::check_certificate(pem, key, "sf-0043"), Contains("\"sf-0042\", not for sf-0043"));
  CHECK_THROWS_WITH(report::check_certificate("none", key, "sf-0042"), Contains("cannot be read"));
}

TEST_CASE("hub key: its fingerprint is that of its public key, and is each key's own") {
  const test::TemporaryDirectory directory;
  const auto key = report::new_key();
  directory.write("key.pem", key);
  test::run_or_throw({"openssl", "pkey", "-in", (directory / "key.pem").native(), "-pubout", "-outform",
                      "DER", "-out", (directory / "public.der").native()});
  test::run_or_throw({"openssl", "dgst", "-sha256", "-binary", "-out", (directory / "digest").native(),
                      (directory / "public.der").native()});
  test::run_or_throw({"openssl", "base64", "-A", "-in", (directory / "digest").native(), "-out",
                      (directory / "base64").native()});
  const auto expected = read_file(directory / "base64", 100);
  CHECK(report::fingerprint_of_key(key) + "=" == "SHA256:" + expected);
  CHECK(report::fingerprint_of_key(report::new_key()) != report::fingerprint_of_key(key));
}

TEST_CASE("hub key: what is no key is said to be none, and nothing of it") {
  for (const auto* text :
       {"", "open sesame", "-----BEGIN PRIVATE KEY-----\nopen\n-----END PRIVATE KEY-----\n"}) {
    try {
      report::certificate_request(text, "sf-0042");
      FAIL("it was read");
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Contains("cannot be read") && !Contains("open"));
    }
  }
}
