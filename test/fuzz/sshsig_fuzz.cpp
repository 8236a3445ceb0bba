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
    auto commit = git::take_apart(bytes);
    check(commit.signature, commit.payload);
    // One encoding: what is accepted is what is made of its parts.
    const auto signature = git::parse_ssh_signature(commit.signature);
    if (git::armored(signature) != commit.signature) __builtin_trap();
    if (const auto mirrored = git::mirrored_signature(signature)) {
      commit.signature = git::armored(*mirrored);
      const auto again = git::take_apart(git::put_together(commit));
      if (again.payload != commit.payload || again.signature != commit.signature) __builtin_trap();
    }
  } catch (const Error&) {
  }
  check(bytes, "payload");
  auto letters = encode_base64(bytes);
  for (std::size_t at = 70; at < letters.size(); at += 71) letters.insert(at, "\n");
  check("-----BEGIN SSH SIGNATURE-----\n" + letters + "\n-----END SSH SIGNATURE-----\n", "payload");
  return 0;
}
