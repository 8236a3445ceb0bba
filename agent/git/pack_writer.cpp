#include "git/pack_writer.h"

#include <utility>

#include <zlib.h>

#include "base/error.h"

namespace greenwave::git {

namespace {

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

/// An object's type and size: the type and four bits of the size, then seven bits per byte.
std::string object_header(git_object_t type, std::size_t size) {
  std::string header;
  auto byte = static_cast<unsigned>(type) << 4 | (size & 0x0f);
  for (size >>= 4; size != 0; size >>= 7) {
    header += static_cast<char>(byte | 0x80);
    byte = size & 0x7f;
  }
  header += static_cast<char>(byte);
  return header;
}

}  // namespace

PackWriter::PackWriter(std::uint32_t objects, Take take)
    : take_(std::move(take)), checksum_(EVP_MD_CTX_new()) {
  if (!checksum_ || EVP_DigestInit_ex(checksum_.get(), EVP_sha1(), nullptr) != 1) {
    throw Error(Fault::internal, "OpenSSL has no SHA-1");
  }
  put("PACK" + big_endian(2) + big_endian(objects));
}

void PackWriter::add(git_object_t type, std::string_view content) {
  put(object_header(type, content.size()));
  auto size = ::compressBound(content.size());
  compressed_.resize(size);
  const int code = ::compress2(reinterpret_cast<Bytef*>(compressed_.data()), &size,
                               reinterpret_cast<const Bytef*>(content.data()), content.size(), Z_BEST_SPEED);
  if (code != Z_OK) throw Error(Fault::transient, "no memory to compress an object");
  put(std::string_view(compressed_).substr(0, size));
}

void PackWriter::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_DigestFinal_ex(checksum_.get(), digest, &size) != 1) {
    throw Error(Fault::internal, "OpenSSL's SHA-1 returned no result");
  }
  take_({reinterpret_cast<const char*>(digest), size});
}

void PackWriter::put(std::string_view bytes) {
  if (EVP_DigestUpdate(checksum_.get(), bytes.data(), bytes.size()) != 1) {
    throw Error(Fault::internal, "OpenSSL's SHA-1 failed");
  }
  take_(bytes);
}

}  // namespace greenwave::git
