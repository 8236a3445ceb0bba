// Signed commits, and what can be made of them without a key: one encoding of each is accepted. The one
// exception is ECDSA's second signature of the same (git::CommitIdentity).

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <openssl/bn.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/handle.h"
#include "fuzz/loose_pack.h"
#include "git/commit_identity.h"
#include "git/signed_commit.h"
#include "git/ssh_key.h"
#include "git/ssh_wire.h"
#include "git/sshsig.h"
#include "git/trust.h"

using namespace greenwave;

namespace {

using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;

/// One commit a type of key.
const std::vector<std::string>& genuine() {
  static const auto objects = [] {
    std::vector<std::string> read;
    for (const auto& file : std::filesystem::directory_iterator(FUZZ_SEEDS)) {
      read.push_back(read_file(file.path(), 1 << 20));
    }
    return read;
  }();
  return objects;
}

git::SshSignature signature_in(const std::string& object) {
  return git::parse_ssh_signature(git::take_apart(object).signature);
}

const git::Trust& trust() {
  static const auto made = [] {
    std::string lines;
    for (const auto& object : genuine()) {
      const auto key = signature_in(object).key;
      lines += "ana@sf.example " + git::key_type(key) + " " + encode_base64(key) + "\n";
    }
    return git::Trust(lines, "allowed_signers");
  }();
  return made;
}

/// All that may be accepted.
const std::set<std::string>& acceptable() {
  static const auto made = [] {
    std::set<std::string> objects;
    for (const auto& object : genuine()) {
      objects.insert(object);
      const auto forms = git::other_forms(object);
      if (forms.size() > 1) std::abort();
      objects.insert(forms.begin(), forms.end());
    }
    return objects;
  }();
  return made;
}

bool is_accepted(const std::string& object) {
  try {
    return trust().verify(object, CommitId("C")).principal == "ana@sf.example";
  } catch (const Error& error) {
    if (error.fault() != Fault::untrusted) std::abort();
    return false;
  }
}

/// The parts of a blob of SSH's wire format; nothing unless it is whole.
std::vector<std::string> wire_parts(std::string_view blob) {
  try {
    git::WireReader wire(blob);
    std::vector<std::string> parts;
    while (!wire.at_end()) parts.push_back(std::string(wire.string()));
    return parts;
  } catch (const Error&) {
    return {};
  }
}

/// The little-endian number plus the order of ed25519's group: the same signature to a lenient reader.
std::string plus_order(std::string number) {
  std::reverse(number.begin(), number.end());
  BIGNUM* order = nullptr;
  BN_hex2bn(&order, "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
  const Number addend(order);
  const Number sum(BN_bin2bn(reinterpret_cast<const unsigned char*>(number.data()),
                             static_cast<int>(number.size()), nullptr));
  BN_add(sum.get(), sum.get(), addend.get());
  std::string result(number.size(), '\0');
  if (BN_bn2binpad(sum.get(), reinterpret_cast<unsigned char*>(result.data()),
                   static_cast<int>(result.size())) < 0) {
    return number;
  }
  std::reverse(result.begin(), result.end());
  return result;
}

/// Another way to write a blob, mostly by another way to write one of its parts.
std::string rewritten(const std::string& blob, fuzz::Random& random, int depth = 0) {
  auto parts = wire_parts(blob);
  if (!parts.empty() && depth < 4 && random() % 8 != 0) {
    auto& part = parts[random() % parts.size()];
    part = rewritten(part, random, depth + 1);
    std::string again;
    for (const auto& each : parts) again += git::wire_string(each);
    return again;
  }
  switch (random() % 6) {
    case 0:
      return std::string(1 + random() % 2, '\0') + blob;
    case 1:
      return blob + std::string(1 + random() % 2, '\0');
    case 2:
      return blob.starts_with('\0') ? blob.substr(1) : blob;
    case 3:
      return blob.size() == 64 ? blob.substr(0, 32) + plus_order(blob.substr(32)) : blob;
    default:
      return fuzz::mutated(blob, 4);
  }
}

git::SshSignature changed(git::SshSignature signature, fuzz::Random& random) {
  switch (random() % 8) {
    case 0:
      signature.key = rewritten(signature.key, random);
      break;
    case 1:
      signature.name_space = fuzz::mutated(signature.name_space, 4);
      break;
    case 2:
      signature.reserved = fuzz::mutated(signature.reserved, 4);
      break;
    case 3:
      signature.hash = signature.hash == "sha256" ? "sha512" : "sha256";
      break;
    case 4:
      if (auto mirrored = git::mirrored_signature(signature)) signature = std::move(*mirrored);
      break;
    default:
      signature.signature = rewritten(signature.signature, random);
      break;
  }
  return signature;
}

/// Other line ends and lengths around the same letters.
std::string rearmored(std::string text, fuzz::Random& random) {
  constexpr std::string_view fillings[] = {"\n", " ",    "\r", "\t",
                                           "=",  "\n\n", "A",  std::string_view("\0", 1)};
  if (random() % 3 == 0) text.erase(random() % text.size(), 1);
  return random() % 2 == 0
             ? text.insert(random() % (text.size() + 1), fillings[random() % std::size(fillings)])
             : text;
}

/// The signature at another place, twice, or with another header before or behind it.
std::string rearranged(std::string object, fuzz::Random& random) {
  const auto begin = object.find("\ngpgsig ") + 1;
  const auto end = object.find("\n\n", begin) + 1;
  if (begin == 0 || end == 0) return object;
  const auto header = object.substr(begin, end - begin);
  const std::string others[] = {header,  "gpgsig-sha256 x\n", "encoding UTF-8\n",
                                "x y\n", "gpgsig\n",          "gpgsig \n"};
  if (random() % 2 == 0) object.erase(begin, end - begin);
  auto line = object.find('\n');
  for (auto skip = random() % 8; skip > 0 && line + 1 < object.size(); --skip)
    line = object.find('\n', line + 1);
  return line == std::string::npos ? object : object.insert(line + 1, others[random() % std::size(others)]);
}

std::string forged(const std::string& object, fuzz::Random& random) {
  try {
    auto commit = git::take_apart(object);
    if (commit.signature.empty()) return fuzz::mutated(object);
    switch (random() % 5) {
      case 0:
        return rearranged(object, random);
      case 1:
        commit.signature = rearmored(std::move(commit.signature), random);
        break;
      case 2:
        return fuzz::mutated(object);
      default:
        commit.signature = git::armored(changed(git::read_loose_signature(commit.signature), random));
        break;
    }
    return git::put_together(commit);
  } catch (const Error&) {
    return fuzz::mutated(object);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string object(reinterpret_cast<const char*>(data), size);
  if (is_accepted(object) != acceptable().contains(object)) std::abort();
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  fuzz::Random random(seed);
  std::string object(reinterpret_cast<const char*>(data), size);
  if (random() % 2 == 0) object = genuine()[random() % genuine().size()];
  for (auto left = 1 + random() % 2; left > 0; --left) object = forged(object, random);
  return fuzz::hand_back(object, data, most);
}
