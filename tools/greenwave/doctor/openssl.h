#pragma once

#include <memory>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/handle.h"

namespace greenwave::cli {

/// Owners of OpenSSL's handles.
using SslContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Freed<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

struct NamesFreed {
  void operator()(GENERAL_NAMES* raw) const { GENERAL_NAMES_free(raw); }
};
using Names = std::unique_ptr<GENERAL_NAMES, NamesFreed>;

}  // namespace greenwave::cli
