#include "drivers/podman/probes.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <nlohmann/json.hpp>

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::ordered_json;

/// Podman joins an exec probe's words with blanks and gives the line to a shell.
std::string quoted(const std::string& word) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_./:=@%+,-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

int number(const Json& probe, const char* key, int usual) {
  const auto found = probe.find(key);
  return found != probe.end() && found->is_number_integer() ? std::clamp(found->get<int>(), 0, 86'400)
                                                            : usual;
}

}  // namespace

void fill_probes(Json& container) {
  if (container.contains("startupProbe")) {
    const auto startup = container["startupProbe"];
    container.erase("startupProbe");
    if (container.contains("livenessProbe") && startup.is_object() &&
        container["livenessProbe"].is_object()) {
      auto& liveness = container["livenessProbe"];
      const int grace = number(startup, "initialDelaySeconds", 0) +
                        number(startup, "failureThreshold", 3) * number(startup, "periodSeconds", 10);
      liveness["initialDelaySeconds"] = std::max(grace, number(liveness, "initialDelaySeconds", 0));
    }
  }
  if (!container.contains("livenessProbe") || !container["livenessProbe"].is_object()) return;
  auto& liveness = container["livenessProbe"];
  if (!liveness.contains("exec") || !liveness["exec"].contains("command")) return;
  for (auto& word : liveness["exec"]["command"]) {
    if (word.is_string()) word = quoted(word.get<std::string>());
  }
}

}  // namespace greenwave::drivers::podman
