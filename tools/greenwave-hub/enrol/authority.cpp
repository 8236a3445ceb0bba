#include "enrol/authority.h"

#include <array>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/bio.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_pem = 16 * 1024;
constexpr int least_rsa_bits = 2048;
constexpr int serial_bits = 127;
constexpr auto life_of_authority = std::chrono::hours(24 * 365 * 30);
/// Devices without a battery start with a clock that is years behind.
constexpr Time valid_from = std::chrono::sys_days{std::chrono::year{2020} / 1 / 1};

[[noreturn]] void fail(std::string_view action) {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  throw Error(Fault::internal,
              fmt::format("OpenSSL cannot {}: {}", action, reason == nullptr ? "unknown" : reason));
}

void expect(bool done, std::string_view action) {
  if (!done) fail(action);
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  expect(PEM_write_bio_X509(bio.get(), certificate) == 1, "write a certificate");
  return bio_text(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  expect(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "write a key");
  return bio_text(bio.get());
}

PrivateKey new_key() {
  PrivateKey key(EVP_EC_gen("P-256"));
  expect(key != nullptr, "make a key");
  return key;
}

Name name_of(const std::string& common, const std::string& unit, const std::string& organisation) {
  Name name(X509_NAME_new());
  const auto add = [&](const char* type, const std::string& value) {
    if (value.empty()) return;
    expect(X509_NAME_add_entry_by_txt(name.get(), type, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1,
           "name a certificate");
  };
  add("O", organisation);
  add("OU", unit);
  add("CN", common);
  return name;
}

void set_time(ASN1_TIME* to, Time time) {
  expect(ASN1_TIME_set(to, std::chrono::system_clock::to_time_t(time)) != nullptr, "set a time");
}

void set_random_serial(X509* certificate) {
  const BigNumber number(BN_new());
  expect(BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1,
         "make a serial number");
  expect(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
         "set a serial number");
}

std::string serial_of(X509* certificate) {
  const BigNumber number(ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), nullptr));
  char* hex = BN_bn2hex(number.get());
  std::string text = hex;
  OPENSSL_free(hex);
  return in_lower_case(text);
}

void add_extension(X509* certificate, X509* issuer, int type, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, type, value.c_str()));
  expect(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "add an extension");
}

bool is_address(const std::string& name) {
  return name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
}

/// Names of servers become part of a text that OpenSSL parses.
void check_server_name(const std::string& name) {
  const auto bad =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:");
  if (!name.empty() && bad == std::string::npos) return;
  throw Error(Fault::invalid, fmt::format("\"{}\" is no host's name or address", printable(name)),
              "write hub.example, or 10.0.0.1");
}

void check_strength(EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  const bool strong = type == EVP_PKEY_EC || type == EVP_PKEY_ED25519 ||
                      (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= least_rsa_bits);
  constexpr int least_ec_bits = 256;
  if (strong && (type != EVP_PKEY_EC || EVP_PKEY_get_bits(key) >= least_ec_bits)) return;
  throw Error(Fault::invalid, "the request's key is too weak, or of an unknown kind", "use a P-256 key");
}

std::string fingerprint_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  expect(size > 0, "read a public key");
  const auto digest = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  const auto text = encode_raw_base64(view(digest));
  return "SHA256:" + text;
}

}  // namespace

SigningRequest::SigningRequest(std::string_view pem) {
  const auto refuse = [](std::string_view why) {
    ERR_clear_error();
    throw Error(Fault::invalid, fmt::format("the certificate request cannot be used: {}", why),
                "send a PEM request (PKCS #10), as greenwave enroll makes it");
  };
  if (pem.size() > most_pem) refuse("it is too large");
  const auto bio = memory_bio(pem);
  const CertificateRequest request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (!request) refuse("it is not PEM, or damaged");
  public_key_.reset(X509_REQ_get_pubkey(request.get()));
  if (!public_key_) refuse("it has no key");
  if (X509_REQ_verify(request.get(), public_key_.get()) != 1) refuse("its signature is not its key's");
  check_strength(public_key_.get());
  key_ = fingerprint_of(public_key_.get());
}

Authority::Authority(const std::filesystem::path& directory, const std::string& city, Time now)
    : city_(city) {
  const auto certificate = directory / "ca.crt";
  if (!std::filesystem::exists(certificate)) make(directory, city, now);
  pem_ = read_file(certificate, most_pem);
  const auto key = read_file(directory / "ca.key", most_pem);
  certificate_.reset(PEM_read_bio_X509(memory_bio(pem_).get(), nullptr, nullptr, nullptr));
  key_.reset(PEM_read_bio_PrivateKey(memory_bio(key).get(), nullptr, nullptr, nullptr));
  if (certificate_ && key_ && X509_check_private_key(certificate_.get(), key_.get()) == 1) return;
  ERR_clear_error();
  throw Error(Fault::damaged,
              fmt::format("{} and ca.key are not a certificate and its key", certificate.native()),
              "restore both from a backup; without them every device must enrol again");
}

void Authority::make(const std::filesystem::path& directory, const std::string& city, Time now) {
  make_directories(directory, 0700);
  const auto key = new_key();
  const Certificate made(X509_new());
  expect(X509_set_version(made.get(), X509_VERSION_3) == 1, "make a certificate");
  set_random_serial(made.get());
  set_time(X509_getm_notBefore(made.get()), valid_from);
  set_time(X509_getm_notAfter(made.get()), now + life_of_authority);
  const auto name = name_of("Greenwave " + city, "", city);
  X509_set_subject_name(made.get(), name.get());
  X509_set_issuer_name(made.get(), name.get());
  X509_set_pubkey(made.get(), key.get());
  add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  expect(X509_sign(made.get(), key.get(), EVP_sha256()) > 0, "sign a certificate");
  replace_file(directory / "ca.key", pem_of(key.get()), 0600);
  replace_file(directory / "ca.crt", pem_of(made.get()), 0644);
}

Issued Authority::sign(const SigningRequest& request, const std::string& name, Use use, Time until) const {
  const Certificate made(X509_new());
  expect(X509_set_version(made.get(), X509_VERSION_3) == 1, "make a certificate");
  set_random_serial(made.get());
  set_time(X509_getm_notBefore(made.get()), valid_from);
  set_time(X509_getm_notAfter(made.get()), until);
  const auto subject = name_of(name, use == Use::device ? "device" : "", city_);
  X509_set_subject_name(made.get(), subject.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
  X509_set_pubkey(made.get(), request.raw_key());
  add_extension(made.get(), certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made.get(), certificate_.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(made.get(), certificate_.get(), NID_ext_key_usage,
                use == Use::device ? "clientAuth" : "serverAuth");
  add_extension(made.get(), certificate_.get(), NID_subject_key_identifier, "hash");
  add_extension(made.get(), certificate_.get(), NID_authority_key_identifier, "keyid");
  if (use == Use::server) {
    check_server_name(name);
    add_extension(made.get(), certificate_.get(), NID_subject_alt_name,
                  (is_address(name) ? "IP:" : "DNS:") + name);
  }
  expect(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0, "sign a certificate");
  return {.certificate = pem_of(made.get()) + pem_, .serial = serial_of(made.get()), .not_after = until};
}

KeyAndRequest make_key(const std::string& name) {
  const auto key = new_key();
  const CertificateRequest request(X509_REQ_new());
  const auto subject = name_of(name, "", "");
  X509_REQ_set_subject_name(request.get(), subject.get());
  X509_REQ_set_pubkey(request.get(), key.get());
  expect(X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0, "sign a request");
  const Bio bio(BIO_new(BIO_s_mem()));
  expect(PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1, "write a request");
  return {.key = pem_of(key.get()), .request = bio_text(bio.get())};
}

}  // namespace greenwave::hub
