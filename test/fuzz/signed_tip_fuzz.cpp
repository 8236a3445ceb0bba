#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "git/signed_tip.h"
#include "git/sshsig.h"
#include "sync/intake/tips.h"

using namespace greenwave;

/// The bytes as a signed tip, and as what the state holds of tips.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto written = git::read_signed_tip(bytes);
    // One way to write it: what was read is what is written of it.
    if (git::statement_of(written.tip) != written.statement) std::abort();
    if (git::read_statement(written.statement) != written.tip) std::abort();
    if (bytes.size() > git::most_tip || written.tip.expires <= written.tip.issued) std::abort();
    git::verifies(git::parse_ssh_signature(written.signature), written.statement);
  } catch (const Error&) {
  }
  const auto seen = sync::seen_tips_from(std::string(bytes));
  if (sync::seen_tips_from(sync::to_text(seen)) != seen) std::abort();
  return 0;
}
