#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "git/signed_tag.h"
#include "git/sshsig.h"

using namespace greenwave;

/// The bytes as a tag object.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto tag = git::take_tag_apart(bytes);
    if (tag.payload + tag.signature != bytes || !tag.payload.ends_with(tag.message)) std::abort();
    if (!tag.signature.empty() && !tag.signature.starts_with("-----BEGIN ")) std::abort();
    git::verifies(git::parse_ssh_signature(tag.signature), tag.payload);
  } catch (const Error&) {
  }
  return 0;
}
