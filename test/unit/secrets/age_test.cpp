#include "secrets/age.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "support/age_file.h"

using namespace greenwave;
using secrets::Keyring;
using secrets::open_age;
using test::AgeFile;
using test::armored;

namespace {

const secrets::Identity ours = secrets::read_identities(
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "test")[0];

const std::string plain = "community Zm9vYmFy\n";

std::string refusal(const std::string& file, const Keyring& keys = {ours}) {
  try {
    open_age(file, keys);
    return "opened";
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK_FALSE(error.remedy().empty());
    return error.what();
  }
}

std::string exchanged(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

std::string good() {
  return AgeFile{}.add(ours).holding(plain);
}

}  // namespace

TEST_CASE("age: the identity of the specification has its recipient") {
  CHECK(ours.recipient == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
}

TEST_CASE("age: a file opens with its recipient's identity, armored or not") {
  CHECK(open_age(good(), {ours}) == plain);
  CHECK(open_age(armored(good()), {ours}) == plain);
  CHECK(open_age("\n \r\n" + exchanged(armored(good()), "FILE-----\n", "FILE-----\r\n") + "\n\n", {ours}) ==
        plain);
  CHECK(secrets::is_age(good()));
  CHECK(secrets::is_age("\n" + armored(good())));
  CHECK_FALSE(secrets::is_age("community public\n"));
}

TEST_CASE("age: while a key is being replaced, either of two opens") {
  const auto next = secrets::new_identity();
  CHECK(open_age(AgeFile{}.add(next).holding(plain), {ours, next}) == plain);
  CHECK(open_age(AgeFile{}.add(secrets::new_identity()).add(ours).holding(plain), {next, ours}) == plain);
}

TEST_CASE("age: stanzas of unknown types are for others") {
  const std::string grease = "-> example.com/x ~!$ 1\n" + std::string(64, 'A') + "\n\n-> empty\n\n";
  CHECK(open_age(AgeFile{}.add(grease).add(ours).holding(plain), {ours}) == plain);
  CHECK(refusal(AgeFile{}.add(grease).holding(plain)).find("for others") != std::string::npos);
}

TEST_CASE(
    "age: the error for a file that cannot be decrypted names its recipients and the one to encrypt for") {
  const auto stranger = secrets::new_identity();
  const auto said = refusal(AgeFile{}.add(stranger).add(stranger).holding(plain));
  CHECK(said.find("(2 of type X25519)") != std::string::npos);
  CHECK(said.find("encrypt it for " + ours.recipient) != std::string::npos);
  CHECK(refusal(good(), {}).find("this device has no identity") != std::string::npos);
}

TEST_CASE("age: a passphrase is refused, alone and beside recipients") {
  const std::string stanza =
      "-> scrypt ajMFur+EJLGaohv/dLRGnw 18\n8SHBz/ldWnjyGFQqfjat6uNBarWqqEMDS7W8X7+Xq5Q\n";
  CHECK(refusal(AgeFile{}.add(stanza).holding(plain)).find("passphrase") != std::string::npos);
  CHECK(refusal(AgeFile{}.add(stanza).add(ours).holding(plain)).find("passphrase") != std::string::npos);
}

TEST_CASE("age: a file that was changed at any byte, or cut off anywhere, does not open") {
  const auto file = good();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int flip : {1, 0x20, 0x80}) {
      auto changed = file;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      INFO(at << " " << flip);
      CHECK(refusal(changed) != "opened");
    }
    INFO(at);
    CHECK(refusal(file.substr(0, at)) != "opened");
  }
  CHECK(refusal(file + 'x') != "opened");
}

TEST_CASE("age: an armored file that was changed at any byte does not open, or says the same") {
  const auto file = armored(good());
  for (std::size_t at = 0; at < file.size(); ++at) {
    auto changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    INFO(at);
    CHECK(refusal(changed) != "opened");
  }
}

TEST_CASE("age: the header has one form") {
  const auto file = good();
  const auto share = encode_raw_base64(secrets::x25519_point(std::string(32, 'e')));
  const auto body = encode_raw_base64(AgeFile{}.body(ours));
  const auto with_stanza = [](const std::string& stanza) { return AgeFile{}.add(stanza).holding(plain); };
  const auto stanza = "-> X25519 " + share + "\n" + body + "\n";
  REQUIRE(open_age(with_stanza(stanza), {ours}) == plain);

  CHECK(refusal("") != "opened");
  CHECK(refusal(exchanged(file, "v1\n", "v2\n")).find("version 1") != std::string::npos);
  CHECK(refusal(exchanged(file, "v1\n", "v1\r\n")) != "opened");
  CHECK(refusal(AgeFile{}.holding(plain)) != "opened");  // no stanza at all
  for (const auto& wrong : {
           "-> x25519 " + share + "\n" + body + "\n",       // another type
           "-> X25519 " + share + " more\n" + body + "\n",  // an argument too many
           "-> X25519\n" + body + "\n",                     // and one too few
           "-> X25519  " + share + "\n" + body + "\n",      // an empty one
           "->X25519 " + share + "\n" + body + "\n",        // no blank
           "-> X25519 " + share + "=\n" + body + "\n",      // padding
           "-> X25519 " + share + "\n" + body + "=\n",      //
           "-> X25519 " + share + "\r\n" + body + "\r\n",   // lines of another system
           "-> X25519 " + share + "\n" + body.substr(0, 20) + "\n" + body.substr(20) + "\n",
           "-> X25519 " + share + "\n\n" + body + "\n",              // an empty line before the last
           "-> X25519 " + share.substr(0, 42) + "\n" + body + "\n",  // a short point
           "-> X25519 " + encode_raw_base64(std::string(33, 'x')) + "\n" + body + "\n",
           "-> X25519 " + encode_raw_base64(std::string(32, '\0')) + "\n" + body + "\n",  // of low order
           "-> X25519 " + share + "\n" + encode_raw_base64(std::string(48, 'b')) + "\n\n",
           "-> stanza\n" + std::string(64, 'A') + "\n" + stanza,  // no short line at its end
           "-> stanza\n" + std::string(68, 'A') + "\n" + stanza,  // a long line
           "-> stanza \x7f\n\n" + stanza,                         // what nobody can see
           "-> stanza\nQQ\nQQ\n" + stanza,
           "-> stanza\nQUF\n" + stanza,  // bits that mean nothing
           "\n" + stanza,
       }) {
    INFO(wrong);
    CHECK(refusal(with_stanza(wrong)) != "opened");
  }
}

TEST_CASE("age: a header's MAC has one form, and counts") {
  const auto file = good();
  const auto at = file.find("--- ");
  CHECK(refusal(exchanged(file, "--- ", "---  ")) != "opened");
  CHECK(refusal(exchanged(file, "--- ", "---")) != "opened");
  CHECK(refusal(file.substr(0, at + 46) + " " + file.substr(at + 46)) != "opened");
  CHECK(refusal(file.substr(0, at + 3) + file.substr(at + 47)) != "opened");
  // A stanza that was added later is not authenticated, even though nobody reads it.
  CHECK(refusal(exchanged(file, "--- ", "-> later\n\n--- ")).find("was changed") != std::string::npos);
}

TEST_CASE("age: the payload is whole chunks to its last, which is not empty") {
  AgeFile file;
  file.add(ours);
  const std::string full(64 * 1024, 'a');
  const auto opened = [&](const std::string& chunks) { return open_age(file.with(chunks), {ours}); };
  const auto fails = [&](const std::string& chunks) { return refusal(file.with(chunks)) != "opened"; };

  CHECK(opened(file.chunk("", 0, true)).empty());
  CHECK(opened(file.chunk(full, 0, true)) == full);
  CHECK(opened(file.chunk(full, 0, false) + file.chunk("b", 1, true)) == full + "b");
  CHECK(opened(file.chunk(full, 0, false) + file.chunk(full, 1, false) + file.chunk(full, 2, true)) ==
        full + full + full);

  CHECK(fails(""));
  CHECK(fails(file.chunk("a", 0, false)));                                    // no last chunk
  CHECK(fails(file.chunk(full, 0, false)));                                   //
  CHECK(fails(file.chunk(full, 0, false) + file.chunk("", 1, true)));         // an empty one after another
  CHECK(fails(file.chunk("short", 0, false) + file.chunk("b", 1, true)));     // a short one in the middle
  CHECK(fails(file.chunk(full, 0, true) + file.chunk("b", 1, true)));         // two last ones
  CHECK(fails(file.chunk(full, 0, true) + file.chunk("b", 0, true)));         //
  CHECK(fails(file.chunk(full, 1, false) + file.chunk("b", 0, true)));        // in another order
  CHECK(fails(file.chunk(full, 0, true) + "x"));                              // and something after it
  CHECK(fails(file.chunk(full, 0, false) + file.chunk("b", 1, true) + "x"));  //
  CHECK(fails(file.chunk(full, 0, false) + file.chunk("b", 1, true).substr(0, 10)));
  CHECK(refusal(file.header() + "short nonce") != "opened");
  CHECK(refusal(file.header()) != "opened");
}

TEST_CASE("age: armor has one form") {
  const auto file = armored(good());
  const auto end = file.find("-----END");
  CHECK(refusal(file.substr(0, end)) != "opened");
  CHECK(refusal("x\n" + file) != "opened");
  CHECK(refusal(file + "x") != "opened");
  CHECK(refusal(exchanged(file, "FILE-----\n", "FILE-----\n\n")) != "opened");
  CHECK(refusal(exchanged(file, "FILE-----\n", "FILE-----\nComment: x\n\n")) != "opened");
  CHECK(refusal(exchanged(file, "AGE ENCRYPTED", "Age Encrypted")) != "opened");
  CHECK(refusal(exchanged(file, "FILE-----\n", "FILE-----\n ")) != "opened");
  auto longer = file;
  longer.erase(longer.find('\n', longer.find('\n') + 1), 1);  // two lines become one
  CHECK(refusal(longer) != "opened");
}

TEST_CASE("age: no error message contains anything from the file") {
  const auto said = refusal(exchanged(good(), "-> X25519", "-> \x1b[31m"));
  CHECK(said.find('\x1b') == std::string::npos);
}
