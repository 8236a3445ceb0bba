#pragma once

#include <memory>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace greenwave::git {

/// Owners of OpenSSL's objects.
template <auto Free>
struct EvpFreed {
  void operator()(auto* raw) const { Free(raw); }
};

using BigNumber = std::unique_ptr<BIGNUM, EvpFreed<BN_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, EvpFreed<ECDSA_SIG_free>>;
using Key = std::unique_ptr<EVP_PKEY, EvpFreed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, EvpFreed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, EvpFreed<EVP_MD_CTX_free>>;
using Params = std::unique_ptr<OSSL_PARAM, EvpFreed<OSSL_PARAM_free>>;
using ParamsBuilder = std::unique_ptr<OSSL_PARAM_BLD, EvpFreed<OSSL_PARAM_BLD_free>>;

}  // namespace greenwave::git
