#include "secrets/sops_file.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "secrets/sops.h"
#include "secrets/sops_key.h"
#include "secrets/sops_text.h"
#include "secrets/sops_value.h"
#include "yaml/emit.h"
#include "yaml/load.h"

namespace greenwave::secrets {

namespace {

constexpr yaml::Limits limits{.bytes = largest_sops_file, .nodes = 200'000, .depth = 64};

std::vector<yaml::Node> documents_of(const std::string& path, std::string_view bytes) {
  Problems problems;
  auto documents = yaml::load_all(bytes, path, problems, limits);
  for (const auto& problem : problems.list()) {
    if (problem.severity != Severity::error) continue;
    throw Error(Fault::invalid,
                fmt::format("it cannot be read, at line {}: {}", problem.place.line, problem.message),
                problem.remedy);
  }
  return documents;
}

std::string open_binary(const yaml::Node& document) {
  const auto* data = document.find("data");
  if (data == nullptr || !data->is_string()) {
    throw Error(Fault::invalid, "it has no data", "encrypt the file again with sops 3");
  }
  return *data->string();
}

std::string open_documents(SopsFormat format, const std::string& path, std::string_view bytes,
                           const Keyring& keys) {
  auto documents = documents_of(path, bytes);
  if (documents.empty() || std::ranges::none_of(documents, is_sops)) {
    throw Error(Fault::invalid, "it has encrypted values, and not what SOPS needs to open them",
                "encrypt the file again with sops 3");
  }
  open_sops(documents, bytes, keys);
  if (format == SopsFormat::binary) return open_binary(documents.front());
  if (format == SopsFormat::json) return yaml::to_json(documents.front()).dump(2) + "\n";
  std::string text;
  for (const auto& document : documents) text += (text.empty() ? "" : "---\n") + yaml::emit(document);
  return text;
}

SealedText sealed_text(SopsFormat format, std::string_view bytes) {
  return format == SopsFormat::dotenv ? read_dotenv(bytes) : read_ini(bytes);
}

/// Nothing for what was not encrypted.
std::optional<std::string> opened(const TextPart& part, const std::string& data_key) {
  const auto value = read_sops_value(part.content);
  if (!value) return {};
  if (part.kind == TextPart::Kind::comment) {
    // A comment is no value: SOPS leaves one that it cannot open as it is.
    return open_sops_bytes(*value, data_key, part.path);
  }
  return sops_bytes(open_sops_value(*value, data_key, part.path, {}));
}

std::string open_text(SopsFormat format, std::string_view bytes, const Keyring& keys) {
  const auto sealed = sealed_text(format, bytes);
  const auto data_key = data_key_of(sealed.metadata, keys);
  SopsMac mac(sealed.metadata);
  std::string text;
  for (const auto& part : sealed.parts) {
    if (part.kind == TextPart::Kind::metadata) continue;
    text += part.text;
    if (part.kind == TextPart::Kind::other) continue;
    const auto content = opened(part, data_key);
    const bool is_comment = part.kind == TextPart::Kind::comment;
    if (!is_comment) mac.add(content.value_or(part.content), content.has_value());
    if (!content) {
      text += part.written;
    } else if (format == SopsFormat::dotenv) {
      text += is_comment ? *content + "\n" : dotenv_value(*content);
    } else {
      text += is_comment ? ini_comment(*content) : ini_value(*content);
    }
  }
  mac.check(data_key);
  return text;
}

bool is_text_format(SopsFormat format) {
  return format == SopsFormat::dotenv || format == SopsFormat::ini;
}

}  // namespace

SopsFormat sops_format(std::string_view path, std::string_view bytes) {
  const auto start = bytes.find_first_not_of(" \t\r\n");
  if (start != bytes.npos && bytes[start] == '{') {
    return in_lower_case(path).ends_with(".json") ? SopsFormat::json : SopsFormat::binary;
  }
  const auto begins = [bytes](std::string_view mark) {
    return bytes.starts_with(mark) || bytes.find("\n" + std::string(mark)) != bytes.npos;
  };
  if (begins("[sops]")) return SopsFormat::ini;
  return begins("sops_mac=") ? SopsFormat::dotenv : SopsFormat::yaml;
}

std::string open_sops_file(const std::string& path, std::string_view bytes, const Keyring& keys) {
  auto format = sops_format(path, bytes);
  if (format == SopsFormat::binary) {
    const auto documents = documents_of(path, bytes);
    const bool is_one = documents.size() == 1 && documents[0].is_map() && documents[0].map()->size() == 2 &&
                        documents[0].find("data") != nullptr;
    if (!is_one) format = SopsFormat::json;
  }
  return is_text_format(format) ? open_text(format, bytes, keys) : open_documents(format, path, bytes, keys);
}

std::vector<std::string> sops_file_recipients(const std::string& path, std::string_view bytes) {
  try {
    const auto format = sops_format(path, bytes);
    if (is_text_format(format)) return recipients_in(sealed_text(format, bytes).metadata);
    const auto documents = documents_of(path, bytes);
    const auto sealed = std::ranges::find_if(documents, is_sops);
    return sealed == documents.end() ? std::vector<std::string>() : sops_recipients(*sealed);
  } catch (const Error&) {
    return {};
  }
}

std::vector<std::pair<std::string, std::string>> sealed_dotenv(std::string_view bytes) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& part : read_dotenv(bytes).parts) {
    if (part.kind != TextPart::Kind::value) continue;
    members.emplace_back(part.text.substr(0, part.text.size() - 1), part.content);
  }
  return members;
}

}  // namespace greenwave::secrets
