#include "drivers/workload/pull_fault.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

template <std::size_t Count>
bool has_one_of(std::string_view text, const std::array<std::string_view, Count>& parts) {
  return std::ranges::any_of(
      parts, [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

}  // namespace

bool is_shortage(std::string_view error) {
  constexpr std::array<std::string_view, 8> shortages{"no space left on device",
                                                      "disk quota exceeded",
                                                      "read-only file system",
                                                      "cannot allocate memory",
                                                      "resource temporarily unavailable",
                                                      "too many open files",
                                                      "database is locked",
                                                      "input/output error"};
  return has_one_of(in_lower_case(error), shortages);
}

Fault fault_of_pull(std::string_view error) {
  const auto text = in_lower_case(error);
  // These come with the words of a refusal around them.
  constexpr std::array<std::string_view, 12> passing{
      "timeout",           "timed out",           "connection refused",
      "connection reset",  "no such host",        "unreachable",
      "too many requests", "service unavailable", "bad gateway",
      "deadline exceeded", "server misbehaving",  "certificate has expired or is not yet valid"};
  if (is_shortage(text) || has_one_of(text, passing)) return Fault::transient;
  constexpr std::array<std::string_view, 4> distrusted{"x509: certificate", "failed to verify certificate",
                                                       "server gave http response to https client",
                                                       "a signature was required"};
  if (has_one_of(text, distrusted)) return Fault::untrusted;
  // The distribution specification's codes in their words, its statuses, and what a runtime finds itself.
  constexpr std::array<std::string_view, 19> lasting{"manifest unknown",
                                                     "no such image",
                                                     "did not resolve to an alias",
                                                     "name unknown",
                                                     "not known to registry",
                                                     "name invalid",
                                                     "unauthorized",
                                                     "authentication required",
                                                     "denied",
                                                     "forbidden",
                                                     "not found",
                                                     "does not exist",
                                                     "invalid reference format",
                                                     "no image found in manifest list",
                                                     "no matching manifest",
                                                     "unsupported manifest",
                                                     "unknown media type",
                                                     "invalid status code from registry 40",
                                                     "digest did not match"};
  return has_one_of(text, lasting) ? Fault::invalid : Fault::transient;
}

}  // namespace greenwave::drivers::workload
