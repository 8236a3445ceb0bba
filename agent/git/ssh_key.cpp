#include "git/ssh_key.h"

#include <array>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "git/evp.h"
#include "git/ssh_wire.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_shown = 64;
constexpr int least_rsa_bits = 2048;
constexpr int most_rsa_bits = 16384;

/// A curve's names in SSH and in OpenSSL, and the hash that RFC 5656, section 6.2.1, assigns to it.
struct Curve {
  std::string_view type;
  std::string_view ssh_name;
  const char* group;
  int nid;
  const EVP_MD* (*digest)();
  std::size_t bytes;
};

constexpr std::array<Curve, 3> curves{{
    {"ecdsa-sha2-nistp256", "nistp256", "prime256v1", NID_X9_62_prime256v1, EVP_sha256, 32},
    {"ecdsa-sha2-nistp384", "nistp384", "secp384r1", NID_secp384r1, EVP_sha384, 48},
    {"ecdsa-sha2-nistp521", "nistp521", "secp521r1", NID_secp521r1, EVP_sha512, 66},
}};

constexpr std::array<std::string_view, 5> plain_types{"ssh-ed25519", "ssh-rsa", "ssh-dss", "ssh-ed448",
                                                      "ecdsa-sha2-nistp"};

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

const Curve* curve_of(std::string_view type) {
  for (const auto& curve : curves) {
    if (curve.type == type) return &curve;
  }
  return nullptr;
}

Error malformed(std::string_view type) {
  // OpenSSL's messages do not help a person, and its queue must not leak into the next call.
  ERR_clear_error();
  return Error(Fault::invalid, fmt::format("the {} key is malformed", printable(type)));
}

template <typename Owner>
Owner required(Owner owner) {
  if (owner == nullptr) throw Error(Fault::internal, "OpenSSL is out of memory");
  return owner;
}

BigNumber big_number(std::string_view magnitude) {
  return required(BigNumber(BN_bin2bn(raw(magnitude), static_cast<int>(magnitude.size()), nullptr)));
}

/// Builds a public key from its numbers.
PublicKey key_from(const char* algorithm, OSSL_PARAM_BLD* builder, std::string_view type) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* made = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    throw malformed(type);
  }
  return PublicKey(made);
}

PublicKey ed25519_key(WireReader& wire) {
  const auto bytes = wire.string();
  wire.require_end();
  PublicKey key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw(bytes), bytes.size()));
  if (bytes.size() != 32 || key == nullptr) throw malformed("ssh-ed25519");
  return key;
}

PublicKey ecdsa_key(WireReader& wire, const Curve& curve) {
  const auto name = wire.string();
  const auto point = wire.string();
  wire.require_end();
  const bool uncompressed = point.size() == 1 + 2 * curve.bytes && point[0] == 4;
  if (name != curve.ssh_name || !uncompressed) throw malformed(curve.type);
  const auto builder = required(ParamsBuilder(OSSL_PARAM_BLD_new()));
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  auto key = key_from("EC", builder.get(), curve.type);
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) throw malformed(curve.type);
  return key;
}

PublicKey rsa_key(WireReader& wire) {
  const auto exponent = wire.magnitude();
  const auto modulus = wire.magnitude();
  wire.require_end();
  // A huge exponent would make one check take seconds; those in use fit four bytes.
  if (exponent.size() > 8 || modulus.size() > most_rsa_bits / 8) throw malformed("ssh-rsa");
  const auto e = big_number(exponent);
  const auto n = big_number(modulus);
  if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) || BN_is_odd(n.get()) == 0) throw malformed("ssh-rsa");
  if (BN_num_bits(n.get()) < least_rsa_bits) {
    throw Error(Fault::untrusted,
                fmt::format("the RSA key has {} bits, fewer than {}", BN_num_bits(n.get()), least_rsa_bits),
                "use an ed25519 key: ssh-keygen -t ed25519");
  }
  const auto builder = required(ParamsBuilder(OSSL_PARAM_BLD_new()));
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  return key_from("RSA", builder.get(), "ssh-rsa");
}

PublicKey read_key(std::string_view blob) {
  WireReader wire(blob);
  const auto type = wire.string();
  if (type == "ssh-ed25519") return ed25519_key(wire);
  if (type == "ssh-rsa") return rsa_key(wire);
  if (const auto* curve = curve_of(type)) return ecdsa_key(wire, *curve);
  const auto name = printable(key_type(blob));
  if (name.empty()) throw malformed("public");
  if (name.starts_with("sk-")) {
    throw Error(Fault::untrusted,
                fmt::format("{} is a hardware token's key, which is not supported yet", name),
                "sign with a plain key: ssh-keygen -t ed25519");
  }
  if (name.find("-cert-v0") != std::string::npos) {
    throw Error(Fault::untrusted, fmt::format("{} is a certificate, which is not supported yet", name),
                "sign with the plain key that it certifies");
  }
  throw Error(Fault::untrusted, fmt::format("keys of type {} are not accepted", name),
              "use an ed25519 key: ssh-keygen -t ed25519");
}

/// OpenSSL reads an ECDSA signature as DER; SSH encodes two numbers.
std::string ecdsa_der(std::string_view data, const Curve& curve) {
  WireReader wire(data);
  const auto r = wire.magnitude();
  const auto s = wire.magnitude();
  wire.require_end();
  if (r.size() > curve.bytes || s.size() > curve.bytes) return {};
  const auto pair = required(EcSignature(ECDSA_SIG_new()));
  ECDSA_SIG_set0(pair.get(), big_number(r).release(), big_number(s).release());
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(pair.get(), &out);
  return der;
}

bool verify_with(const PublicKey& key, const EVP_MD* digest, std::string_view signature,
                 std::string_view data) {
  const auto context = required(DigestContext(EVP_MD_CTX_new()));
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(data), data.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

std::string key_type(std::string_view key) {
  if (key.size() < 4) return {};
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(key[i]);
  if (size > 64 || key.size() < 4 + size) return {};
  return std::string(key.substr(4, size));
}

std::string fingerprint(std::string_view key) {
  const auto digest = sha256(key);
  auto text = encode_base64({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
  text.erase(text.find_last_not_of('=') + 1);
  return "SHA256:" + text;
}

bool is_key_type(std::string_view word) {
  if (word.starts_with("sk-")) word.remove_prefix(3);
  for (const auto type : plain_types) {
    if (word.starts_with(type)) return true;
  }
  return false;
}

void check_key(std::string_view key) {
  read_key(key);
}

bool verifies(std::string_view key, std::string_view signature, std::string_view data) {
  const auto owner = read_key(key);
  const auto type = key_type(key);
  WireReader wire(signature);
  const auto algorithm = wire.string();
  const auto bytes = wire.string();
  wire.require_end();
  if (type == "ssh-rsa") {
    const bool sha512 = algorithm == "rsa-sha2-512";
    if (!sha512 && algorithm != "rsa-sha2-256") {
      throw Error(
          Fault::untrusted,
          fmt::format("an RSA signature with {} is not accepted", printable(algorithm.substr(0, most_shown))),
          "sign with rsa-sha2-512, as OpenSSH does since version 7.2");
    }
    // RFC 8332: as long as the modulus.
    if (bytes.size() != static_cast<std::size_t>(EVP_PKEY_get_size(owner.get()))) return false;
    return verify_with(owner, sha512 ? EVP_sha512() : EVP_sha256(), bytes, data);
  }
  if (algorithm != type) throw Error(Fault::invalid, "the signature's type differs from its key's");
  if (const auto* curve = curve_of(type)) {
    const auto der = ecdsa_der(bytes, *curve);
    return !der.empty() && verify_with(owner, curve->digest(), der, data);
  }
  return verify_with(owner, nullptr, bytes, data);
}

std::optional<std::string> mirrored_ecdsa(std::string_view key, std::string_view signature) {
  const auto* curve = curve_of(key_type(key));
  if (curve == nullptr) return {};
  WireReader outer(signature);
  const auto algorithm = outer.string();
  WireReader wire(outer.string());
  const auto r = wire.magnitude();
  const auto s = big_number(wire.magnitude());
  const auto group = required(EcGroup(EC_GROUP_new_by_curve_name(curve->nid)));
  const auto mirrored = required(BigNumber(BN_dup(EC_GROUP_get0_order(group.get()))));
  BN_sub(mirrored.get(), mirrored.get(), s.get());
  if (BN_is_negative(mirrored.get()) != 0 || BN_is_zero(mirrored.get())) return {};
  std::string digits(static_cast<std::size_t>(BN_num_bytes(mirrored.get())), '\0');
  BN_bn2bin(mirrored.get(), reinterpret_cast<unsigned char*>(digits.data()));
  return wire_string(algorithm) + wire_string(wire_magnitude(r) + wire_magnitude(digits));
}

}  // namespace greenwave::git
