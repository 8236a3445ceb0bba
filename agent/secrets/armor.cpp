#include "secrets/armor.h"

#include <vector>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view begin_line = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view end_line = "-----END AGE ENCRYPTED FILE-----";
constexpr std::size_t columns = 64;

Error damaged_armor() {
  return Error(Fault::invalid, "its armor is damaged", "encrypt it again: age --armor");
}

}  // namespace

bool is_armored(std::string_view text) {
  return trim(text.substr(0, 4096)).starts_with(begin_line);
}

std::string remove_armor(std::string_view text) {
  auto lines = split(trim(text), '\n');
  for (auto& line : lines) {
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  if (lines.size() < 2 || lines.front() != begin_line || lines.back() != end_line) throw damaged_armor();
  std::string letters;
  letters.reserve(text.size());
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const bool last = i + 2 == lines.size();
    const auto size = lines[i].size();
    if (size == 0 || size > columns || (!last && size < columns)) throw damaged_armor();
    letters += lines[i];
  }
  try {
    return decode_base64(letters);
  } catch (const Error&) {
    throw damaged_armor();
  }
}

}  // namespace greenwave::secrets
