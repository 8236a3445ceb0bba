#include "context/signing_key.h"

#include <system_error>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::cli {

void require_signing_key(std::string_view option, const std::filesystem::path& key) {
  std::error_code error;
  if (std::filesystem::is_regular_file(key, error)) return;
  const auto shown = printable(key.native());
  throw Error(Fault::invalid, fmt::format("{}: there is no file \"{}\"", option, shown),
              fmt::format("name an SSH key; this makes one: ssh-keygen -t ed25519 -N '' -f {}",
                          shown.empty() ? "KEY" : shown));
}

}  // namespace greenwave::cli
