#include "secrets/age_header.h"

#include <algorithm>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view version_line = "age-encryption.org/v1";
constexpr std::size_t body_columns = 64;
constexpr std::size_t mac_size = 32;
constexpr std::size_t most_stanzas = 20'000;  // a file for every device of a large city
constexpr std::size_t longest_line = 4096;

Error damaged_header() {
  return Error(Fault::invalid, "its age header is damaged", "encrypt it again");
}

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view file) : file_(file) {}

  AgeHeader read() {
    if (line() != version_line) {
      throw Error(Fault::invalid, "it is not in age's version 1 format", "encrypt it with age 1.0 or newer");
    }
    AgeHeader header;
    while (file_.substr(at_, 3) != "---") {
      if (header.stanzas.size() == most_stanzas) {
        throw Error(Fault::invalid, "it has too many recipients", "encrypt it for fewer devices");
      }
      header.stanzas.push_back(stanza());
    }
    header.authenticated = file_.substr(0, at_ + 3);
    const auto last = line();
    if (header.stanzas.empty() || last.size() < 4 || last[3] != ' ') throw damaged_header();
    header.mac = bytes(last.substr(4));
    header.size = at_;
    if (header.mac.size() != mac_size) throw damaged_header();
    return header;
  }

 private:
  std::string_view line() {
    const auto end = file_.substr(at_, longest_line).find('\n');
    if (end == file_.npos) throw damaged_header();
    const auto text = file_.substr(at_, end);
    at_ += end + 1;
    return text;
  }

  static std::string bytes(std::string_view letters) {
    try {
      return decode_raw_base64(letters);
    } catch (const Error&) {
      throw damaged_header();
    }
  }

  Stanza stanza() {
    auto words = split(line(), ' ');
    const auto is_word = [](std::string_view word) {
      return !word.empty() && std::ranges::all_of(word, [](char c) { return c > 32 && c < 127; });
    };
    if (words.size() < 2 || words[0] != "->" || !std::ranges::all_of(words, is_word)) throw damaged_header();
    Stanza stanza{words[1], {words.begin() + 2, words.end()}, {}};
    std::string_view part;
    do {
      part = line();
      if (part.size() > body_columns) throw damaged_header();
      stanza.body += bytes(part);
    } while (part.size() == body_columns);
    return stanza;
  }

  std::string_view file_;
  std::size_t at_ = 0;
};

}  // namespace

AgeHeader read_age_header(std::string_view file) {
  return HeaderReader(file).read();
}

}  // namespace greenwave::secrets
