#include "drivers/host/file_spec.h"

#include <array>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/own_rules.h"
#include "model/repository_file.h"
#include "secrets/encrypted_file.h"
#include "systemd/unit_paths.h"
#include "yaml/emit.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

namespace {

/// Whether somebody would give a file this mode: its owner reads it, and nobody may do more than the owner.
bool is_usual(std::int64_t mode) {
  const auto owner = mode >> 6 & 7;
  const auto group = mode >> 3 & 7;
  return (owner & 4) != 0 && (group & ~owner) == 0 && (mode & 7 & ~group) == 0;
}

/// The mode that is meant by a number without quotes: 644, 0644, and 0o644 or 420, which are the same number.
std::string meant_mode(std::int64_t number) {
  constexpr std::int64_t most = 07777;
  auto digits = fmt::format("{:04}", number);
  const bool octal = digits.size() == 4 && digits.find_first_not_of("01234567") == digits.npos;
  if (octal && is_usual(std::stol(digits, nullptr, 8))) return digits;
  if (number >= 0 && number <= most && is_usual(number)) return fmt::format("{:04o}", number);
  return octal ? digits : "0644";
}

/// "0644". A number is refused: 0644 and 644 mean different things to different readers of YAML.
mode_t read_mode(yaml::Fields& spec, std::string_view key, mode_t otherwise) {
  const auto* node = spec.any(key);
  if (node == nullptr) return otherwise;
  if (const auto* number = std::get_if<std::int64_t>(&node->value)) {
    spec.error(key, fmt::format("{} is a number, which is not what it looks like to every reader", key),
               fmt::format("put it in quotes: {}: \"{}\"", key, meant_mode(*number)));
    return otherwise;
  }
  const auto text = spec.text(key);
  if (!text) return otherwise;
  const bool octal = text->find_first_not_of("01234567") == text->npos;
  if (!octal || text->size() < 3 || text->size() > 4) {
    spec.error(key, fmt::format("{} is \"{}\", not three or four octal digits", key, printable(*text)),
               fmt::format("write for example {}: \"0644\"", key));
    return otherwise;
  }
  return static_cast<mode_t>(std::stoul(*text, nullptr, 8));
}

std::string read_name(yaml::Fields& spec, std::string_view key) {
  const auto name = spec.text(key);
  if (!name) return "root";
  const bool plain = !name->empty() && name->find_first_of(":/ \t\n") == name->npos && is_text(*name);
  if (!plain) {
    spec.error(key,
               fmt::format("{} is \"{}\", which is not a {}'s name", key, printable(*name),
                           key == "owner" ? "user" : "group"),
               "write a name, or a number in quotes");
  }
  return *name;
}

std::string read_path(const Host& host, yaml::Fields& spec) {
  auto path = spec.required_text("path");
  if (path.empty()) return path;
  if (const auto refusal = refusal_of(host, path)) spec.error("path", refusal->message, refusal->remedy);
  return path;
}

void read_source(yaml::Fields& spec, const Manifest& manifest, bool directory) {
  const auto path = spec.text("source");
  if (!path) return;
  if (!manifest.source) {
    spec.error("source", fmt::format("there is no {} in the repository", printable(*path)),
               "write the path of a file from the cluster's root");
  } else if (manifest.source->is_directory != directory) {
    spec.error(
        "source",
        fmt::format("{} is a {} in the repository", printable(*path), directory ? "file" : "directory"),
        directory ? "a Directory takes a directory as its source" : "a File takes a file as its source");
  }
}

void choose_form(yaml::Fields& spec, const Place& place, FileSpec& file, Problems& problems) {
  using Form = FileSpec::Form;
  static constexpr std::array<std::pair<const char*, Form>, 4> forms{
      {{"content", Form::content}, {"source", Form::source}, {"json", Form::json}, {"yaml", Form::yaml}}};
  std::string first;
  for (const auto& [key, form] : forms) {
    const auto* node = spec.any(key);
    if (node == nullptr) continue;
    if (file.value != nullptr) {
      spec.error(key, fmt::format("{} and {} both say what is in the file", first, key), "leave one out");
      continue;
    }
    file.form = form;
    file.value = node;
    first = key;
  }
  if (file.value == nullptr) {
    problems.error(place, "File's spec does not say what is in the file",
                   "write one of content, source, json or yaml");
  }
}

plan::Footprint footprint_at(const Host& host, const std::string& path) {
  plan::Footprint footprint;
  footprint.claims.push_back("path:" + path);
  for (const auto& parent : parents_of(host, path)) footprint.after.push_back("path:" + parent);
  return footprint;
}

/// Why a file that is encrypted is not given to a device, and what to do.
struct Unopened {
  std::string_view but;
  std::string_view remedy;
};

/// Throws Error (invalid) where it only stands for other content.
std::string plain_content(const SourceTree& tree, const std::string& path, const Unopened& by_age,
                          const Unopened& by_sops) {
  auto content = read_file(tree, path, most_content);
  const auto sealing = secrets::sealing_of(content);
  if (sealing == secrets::Sealing::none) return content;
  const bool is_age = sealing == secrets::Sealing::age;
  const auto& [but, remedy] = is_age ? by_age : by_sops;
  throw Error(Fault::invalid,
              fmt::format("{} is encrypted by {}, and {}", printable(path), is_age ? "age" : "SOPS", but),
              std::string(remedy));
}

}  // namespace

std::string file_content(const SourceTree& tree, const std::string& path) {
  return plain_content(
      tree, path,
      {"its name does not say so", "let its name end in .age: it is opened then, and for root alone"},
      {"larger than the 8 MiB that are opened", "encrypt only the secret parts, in files of their own"});
}

std::string item_content(const SourceTree& tree, const std::string& path) {
  constexpr std::string_view but = "a Directory does not open it";
  return plain_content(tree, path,
                       {but,
                        "take it out of the Directory's source, and make it the source of a File, with a "
                        "name that ends in .age"},
                       {but, "take it out of the Directory's source, and make it the source of a File"});
}

FileSpec read_file_spec(const Host& host, const Manifest& manifest, Problems& problems) {
  yaml::Fields spec(manifest.spec(), "File's spec", problems);
  FileSpec file;
  file.path = read_path(host, spec);
  choose_form(spec, spec.place().line != 0 ? spec.place() : manifest.place(), file, problems);
  const auto text = spec.text("content");
  if (text && text->size() > most_content) {
    spec.error("content", fmt::format("content is longer than {}", bytes_in_words(most_content)), "split it");
  }
  read_source(spec, manifest, false);
  file.mode = read_mode(spec, "mode", manifest.sensitive ? 0600 : 0644);
  file.owner = read_name(spec, "owner");
  file.group = read_name(spec, "group");
  check_own(host, {.path = file.path, .mode = file.mode, .owner = file.owner}, spec);
  file.sensitive = spec.flag("sensitive").value_or(false) || manifest.sensitive;
  file.reload_systemd = spec.flag("reloadSystemd").value_or(systemd::is_read_at_reload(file.path));
  spec.done();
  return file;
}

DirectorySpec read_directory_spec(const Host& host, const Manifest& manifest, Problems& problems) {
  yaml::Fields spec(manifest.spec(), "Directory's spec", problems);
  DirectorySpec directory;
  directory.path = read_path(host, spec);
  directory.mode = read_mode(spec, "mode", 0755);
  directory.owner = read_name(spec, "owner");
  directory.group = read_name(spec, "group");
  directory.has_source = spec.any("source") != nullptr;
  read_source(spec, manifest, true);
  directory.purge = spec.flag("purge").value_or(false);
  if (directory.purge && !directory.has_source) {
    spec.error("purge", "purge removes what is not in the source, and there is no source",
               "add source: …, or leave purge out");
  }
  directory.file_mode = read_mode(spec, "fileMode", 0644);
  check_own(host,
            {.path = directory.path,
             .mode = directory.mode,
             .owner = directory.owner,
             .is_directory = true,
             .purges = directory.purge,
             .file_mode = directory.has_source ? std::optional(directory.file_mode) : std::nullopt},
            spec);
  const bool is_read = systemd::is_read_at_reload(directory.path) ||
                       (directory.has_source && systemd::is_read_at_reload_below(directory.path));
  directory.reload_systemd = spec.flag("reloadSystemd").value_or(is_read);
  spec.done();
  return directory;
}

std::string content_of(const FileSpec& spec, const Manifest& manifest, const SourceTree& tree) {
  switch (spec.form) {
    case FileSpec::Form::content:
      return *spec.value->string();
    case FileSpec::Form::source:
      return manifest.source->encrypted ? tree.read_encrypted(manifest.source->path, most_content)
                                        : file_content(tree, manifest.source->path);
    case FileSpec::Form::json:
      return yaml::to_json(*spec.value).dump(2) + "\n";
    case FileSpec::Form::yaml:
      return yaml::emit(*spec.value);
  }
  throw Error(Fault::internal, "a File of no known form");
}

plan::Footprint file_footprint(const Host& host, const Manifest& manifest, Problems& problems) {
  const auto spec = read_file_spec(host, manifest, problems);
  auto footprint = footprint_at(host, spec.path);
  footprint.sensitive = spec.sensitive;
  footprint.defines = systemd::definitions_at(spec.path);
  footprint.rank = 20;
  return footprint;
}

plan::Footprint directory_footprint(const Host& host, const Manifest& manifest, Problems& problems) {
  const auto spec = read_directory_spec(host, manifest, problems);
  auto footprint = footprint_at(host, spec.path);
  if (spec.purge) footprint.purges.push_back("path:" + spec.path);
  if (spec.has_source) footprint.defines = systemd::definitions_at(spec.path);
  footprint.rank = 10;
  return footprint;
}

}  // namespace greenwave::drivers::host
