#include "drivers/podman/images.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

constexpr std::size_t largest_credentials = 1 << 20;

/// "auths" names registries, or paths in them; the longest match counts.
std::string longest_match(const Json& auths, std::string_view reference) {
  std::string best;
  for (const auto& [place, entry] : auths.items()) {
    const bool leads = reference.starts_with(place) &&
                       (reference.size() == place.size() ||
                        std::string_view("/:@").find(reference[place.size()]) != std::string_view::npos);
    if (leads && place.size() > best.size()) best = place;
  }
  return best;
}

}  // namespace

std::string archive_of(std::string_view reference) {
  std::string name(reference);
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == ':' || c == '@'; }, '_');
  return name + ".tar";
}

std::string registry_auth(std::string_view file, std::string_view reference) {
  const auto json = Json::parse(file, nullptr, false);
  const auto refuse = [] {
    return Error(Fault::invalid, "the registry credentials cannot be read",
                 "write the file as podman login --authfile FILE does");
  };
  if (!json.is_object() || !json.contains("auths") || !json["auths"].is_object()) throw refuse();
  const auto place = longest_match(json["auths"], reference);
  if (place.empty()) return {};
  const auto& entry = json["auths"][place];
  if (!entry.is_object() || !entry.contains("auth") || !entry["auth"].is_string()) throw refuse();
  std::string pair;
  try {
    pair = decode_base64(entry["auth"].get<std::string>());
  } catch (const Error&) {
    throw refuse();
  }
  const auto colon = pair.find(':');
  if (colon == std::string::npos || !is_text(pair)) throw refuse();
  const Json auth{{"username", pair.substr(0, colon)}, {"password", pair.substr(colon + 1)}};
  auto encoded = encode_base64(auth.dump());
  std::ranges::replace(encoded, '+', '-');  // RFC 4648, section 5
  std::ranges::replace(encoded, '/', '_');
  return encoded;
}

Present Images::ensure(const workload::Image& image) {
  if (auto id = pulls_.take(image.reference); !id.empty()) return {std::move(id), true};
  const bool always = image.pull == workload::Image::Pull::always;
  if (!always) {
    if (auto id = service_.image(image.reference); !id.empty()) return {id, false};
  }
  if (image.pull == workload::Image::Pull::never) {
    throw Error(Fault::invalid,
                fmt::format("the image {} is not on this device, and its imagePullPolicy is Never",
                            printable(image.reference)),
                "load it with podman load, or choose another imagePullPolicy");
  }
  const auto archive = directory_ / archive_of(image.reference);
  std::error_code unreadable;
  if (std::filesystem::is_regular_file(archive, unreadable)) {
    service_.load(archive);
    if (auto id = service_.image(image.reference); !id.empty()) return {id, true};
    throw Error(Fault::invalid,
                fmt::format("{} does not hold {}", archive.native(), printable(image.reference)),
                "save it with podman save -o FILE IMAGE");
  }
  const auto auth = credentials_.empty()
                        ? ""
                        : registry_auth(read_file(credentials_, largest_credentials), image.reference);
  return {pulls_.pull(image.reference, auth), true};
}

std::string Images::bring(const workload::Image& image, std::vector<std::string>& pulled) {
  auto present = ensure(image);
  const bool listed = contains(pulled, present.id);
  if (present.pulled && !listed) pulled.push_back(present.id);
  return std::move(present.id);
}

}  // namespace greenwave::drivers::podman
