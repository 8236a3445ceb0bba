#pragma once

#include <memory>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/handle.h"

namespace greenwave::hub {

/// Owners of OpenSSL's handles.
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using CertificateRequest = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Name = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Freed<BN_free>>;

}  // namespace greenwave::hub
