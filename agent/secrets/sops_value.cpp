#include "secrets/sops_value.h"

#include <charconv>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "secrets/crypto.h"
#include "secrets/go_value.h"

namespace greenwave::secrets {

namespace {

constexpr std::size_t longest_nonce = 64;

Error changed() {
  return Error(Fault::invalid, "an encrypted value was changed, or moved, after it was encrypted",
               "edit the file only with sops");
}

/// Takes the text before `end`, and `end`, from the front of `rest`.
bool take(std::string_view& rest, std::string_view end, std::string_view& part) {
  const auto at = rest.find(end);
  if (at == rest.npos) return false;
  part = rest.substr(0, at);
  rest.remove_prefix(at + end.size());
  return true;
}

template <typename Number>
Number number_of(const std::string& text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) throw changed();
  return number;
}

/// As Go prints numbers, which knows a positive infinity by its sign.
double real_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return number_of<double>(std::string(text));
}

}  // namespace

std::optional<SopsValue> read_sops_value(std::string_view text) {
  constexpr std::string_view begin = "ENC[AES256_GCM,data:";
  if (!text.starts_with(begin) || !text.ends_with(']')) return {};
  auto rest = text.substr(begin.size());
  rest.remove_suffix(1);
  std::string_view data;
  std::string_view nonce;
  std::string_view tag;
  if (!take(rest, ",iv:", data) || !take(rest, ",tag:", nonce) || !take(rest, ",type:", tag)) return {};
  try {
    SopsValue value{decode_base64(data), decode_base64(nonce), decode_base64(tag), std::string(rest)};
    if (value.tag.size() != tag_size || value.nonce.empty() || value.nonce.size() > longest_nonce) return {};
    return value;
  } catch (const Error&) {
    return {};
  }
}

std::optional<std::string> open_sops_bytes(const SopsValue& value, std::string_view data_key,
                                           const std::string& path) {
  return open_aes_gcm(data_key, value.nonce, value.data, value.tag, path);
}

yaml::Node open_sops_value(const SopsValue& value, std::string_view data_key, const std::string& path,
                           const Place& place) {
  auto plain = open_sops_bytes(value, data_key, path);
  if (!plain) throw changed();
  yaml::Node node{nullptr, place};
  node.place.secret = true;
  if (value.type == "str" || value.type == "bytes" || value.type == "time") {
    node.value = std::move(*plain);
  } else if (value.type == "int") {
    node.value = number_of<std::int64_t>(*plain);
  } else if (value.type == "float") {
    node.value = real_of(*plain);
  } else if (value.type == "bool") {
    if (*plain != "True" && *plain != "False" && *plain != "true" && *plain != "false") throw changed();
    node.value = (*plain)[0] == 'T' || (*plain)[0] == 't';
  } else if (value.type != "comment") {
    throw Error(Fault::invalid,
                fmt::format("an encrypted value is of type \"{}\", which SOPS 3 does not have",
                            printable(value.type)),
                "encrypt the file again with sops 3");
  }
  return node;
}

std::string sops_bytes(const yaml::Node& scalar) {
  if (const auto* text = scalar.string()) return *text;
  if (const auto* flag = std::get_if<bool>(&scalar.value)) return *flag ? "True" : "False";
  if (const auto* integer = std::get_if<std::int64_t>(&scalar.value)) return std::to_string(*integer);
  const auto* real = std::get_if<double>(&scalar.value);
  return real != nullptr ? go_text(*real) : std::string();
}

}  // namespace greenwave::secrets
