#include "report/hub_key.h"

#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/bio.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/handle.h"
#include "base/text.h"

namespace greenwave::report {

namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Request = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using X509Certificate = std::unique_ptr<X509, Freed<X509_free>>;

Error failed(std::string_view what) {
  ERR_clear_error();
  return {Fault::internal, fmt::format("OpenSSL cannot {}", what)};
}

/// A key that needs a passphrase is refused, instead of asking a terminal for it.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Key read_key(std::string_view pem) {
  Key key(PEM_read_bio_PrivateKey(memory_bio(pem).get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (key) return key;
  throw Error(Fault::invalid, "the key for the hub cannot be read",
              "it must be a private key in PEM form, without a passphrase");
}

X509Certificate first_certificate(std::string_view pem) {
  X509Certificate certificate(PEM_read_bio_X509(memory_bio(pem).get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (certificate) return certificate;
  throw Error(Fault::invalid, "the certificate for the hub cannot be read", "it must be in PEM form");
}

Time time_of(const ASN1_TIME* written) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(written, &parts) != 1) return {};
  return Time(std::chrono::seconds(::timegm(&parts)));
}

/// The last one is the most specific.
std::string common_name(const X509_NAME* name) {
  int at = -1;
  for (int next = -1; (next = X509_NAME_get_index_by_NID(name, NID_commonName, next)) >= 0;) at = next;
  if (at < 0) return {};
  const auto* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

}  // namespace

std::string new_key() {
  const Key key(EVP_EC_gen("P-256"));
  const Bio out(BIO_new(BIO_s_secmem()));
  if (!key ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw failed("make a key");
  }
  return bio_text(out.get());
}

std::string fingerprint_of_key(std::string_view pem) {
  const auto key = read_key(pem);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) throw failed("write a public key");
  const auto digest = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return "SHA256:" + encode_raw_base64(view(digest));
}

std::string certificate_request(std::string_view pem, std::string_view device) {
  const auto key = read_key(pem);
  const Request request(X509_REQ_new());
  auto* name = X509_REQ_get_subject_name(request.get());
  // Of this type the name may be longer than the 64 letters of X.520, as a device's id may.
  const bool made = X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                    X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                               reinterpret_cast<const unsigned char*>(device.data()),
                                               static_cast<int>(device.size()), -1, 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                    X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0;
  const Bio out(BIO_new(BIO_s_mem()));
  if (!made || PEM_write_bio_X509_REQ(out.get(), request.get()) != 1) throw failed("make a request");
  return bio_text(out.get());
}

Certificate read_certificate(std::string_view pem) {
  const auto certificate = first_certificate(pem);
  return {.device = printable(common_name(X509_get_subject_name(certificate.get()))),
          .begins = time_of(X509_get0_notBefore(certificate.get())),
          .ends = time_of(X509_get0_notAfter(certificate.get()))};
}

Certificate check_certificate(std::string_view pem, std::string_view key, std::string_view device) {
  const auto certificate = first_certificate(pem);
  const bool fits = X509_check_private_key(certificate.get(), read_key(key).get()) == 1;
  ERR_clear_error();
  auto about = read_certificate(pem);
  if (fits && about.device == device) return about;
  throw Error(Fault::untrusted,
              fits ? fmt::format("the hub's certificate is for \"{}\", not for {}", about.device, device)
                   : "the hub's certificate is for another key",
              "nothing was stored; whoever runs the hub must look at it");
}

}  // namespace greenwave::report
