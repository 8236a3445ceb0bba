#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/base64.h"
#include "base/error.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"

using namespace greenwave;

/// The bytes as a commit object, as an armored signature, and as the blob inside one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto check = [](std::string_view armored, std::string_view payload) {
    try {
      git::verifies(git::parse_ssh_signature(armored), payload);
    } catch (const Error&) {
    }
  };
  try {
    const auto commit = git::take_apart(bytes);
    check(commit.signature, commit.payload);
  } catch (const Error&) {
  }
  check(bytes, "payload");
  check("-----BEGIN SSH SIGNATURE-----\n" + encode_base64(bytes) + "\n-----END SSH SIGNATURE-----\n",
        "payload");
  return 0;
}
