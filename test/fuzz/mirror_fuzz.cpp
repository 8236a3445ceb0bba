// What comes to a mirror from outside: the head of a request for a tip, a webhook, and its configuration.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/mirror_config.h"
#include "http/preference.h"
#include "mirror/webhook.h"
#include "tip/tip_name.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto wait = http::wait_of(text); wait && *wait > 86'400) std::abort();
  http::varies_by_preference(text);
  if (hub::is_tip_path(text) && text.find("/.") != std::string_view::npos) std::abort();
  hub::HttpRequest request{"POST", "/webhook", {}, {{"x-gitea-signature", std::string(text)}}, "{}"};
  if (hub::is_genuine(request, "a secret that nobody guesses")) std::abort();
  Problems problems;
  hub::parse_mirror_config(text, "mirror.yaml", problems);
  return 0;
}
