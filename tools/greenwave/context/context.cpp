#include "context/context.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.h"

namespace greenwave::cli {

Context context_of(const Globals& globals) {
  Context context;
  context.globals = globals;
  context.json = globals.output == "json";
  context.style = style_of(STDOUT_FILENO, globals.no_color);
  config::Config places;
  places.state_directory = globals.root / "var/lib/greenwave";
  places.runtime_directory = globals.root / "run/greenwave";
  try {
    context.config = config::load_config(globals.config, globals.root, config::Check::words);
    places = *context.config;
  } catch (const Error& error) {
    context.config_problem = error.what();
  }
  context.socket = globals.socket.empty() ? places.socket() : globals.socket;
  context.database = places.database();
  return context;
}

Client Context::client() const {
  // Not everybody who may use the socket may read the configuration.
  const bool hidden = ::access(globals.config.c_str(), R_OK) != 0 && errno == EACCES;
  return Client(socket, {}, globals.socket.empty() && !hidden ? config_problem : "");
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print(const nlohmann::json& json) {
  print(json_text(json));
}

std::string json_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void print_error(const Error& error, bool json) {
  std::string text = error.what();
  if (!error.remedy().empty())
    text.resize(text.size() - error.remedy().size() - std::string_view("; ").size());
  if (json) {
    print(nlohmann::json{{"error", text}, {"remedy", error.remedy()}});
    return;
  }
  std::string lines = printable_lines(text) + "\n";
  if (!error.remedy().empty()) {
    auto remedy = printable_lines(error.remedy());
    // A remedy's parts are joined by "; ". One per line, a command can be copied.
    for (auto at = remedy.find("; "); at != std::string::npos; at = remedy.find("; ", at)) {
      remedy.replace(at, 2, "\n  ");
    }
    lines += "  " + remedy + "\n";
  }
  std::fwrite(lines.data(), 1, lines.size(), stderr);
}

void print_note(const std::string& text) {
  const auto line = printable_lines(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

nlohmann::json acting_user() {
  auto body = nlohmann::json::object();
  const char* user = std::getenv("SUDO_USER");
  if (::geteuid() == 0 && user != nullptr && *user != '\0') body["sudoUser"] = user;
  return body;
}

}  // namespace greenwave::cli
