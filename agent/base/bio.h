#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>

#include "base/handle.h"

namespace greenwave {

// OpenSSL's streams over memory.

using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

/// Reads `text`, which outlives it.
inline Bio memory_bio(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// What was written into a memory BIO.
inline std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace greenwave
