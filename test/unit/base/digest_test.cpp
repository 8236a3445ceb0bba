#include "base/digest.h"

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace greenwave;

TEST_CASE("digest: HMAC-SHA-256 is that of RFC 4231") {
  CHECK(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("digest: a keyed digest may be fed in pieces, and its key counts") {
  CHECK(Hasher("key").add("ab").add("c").finish() == hmac_sha256("key", "abc"));
  CHECK(hmac_sha256("key", "abc") != hmac_sha256("kez", "abc"));
  CHECK(hmac_sha256("", "abc") != sha256("abc"));
  CHECK_THROWS_AS(Hasher(std::string(65, 'k')), Error);
}
