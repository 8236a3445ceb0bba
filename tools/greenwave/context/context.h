#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "config/config.h"
#include "context/client.h"
#include "context/style.h"

namespace greenwave::cli {

/// The exit code of a command that failed.
inline constexpr int exit_not_done = 2;

/// The options that every command takes.
struct Globals {
  std::filesystem::path config = "/etc/greenwave/agent.yaml";
  std::filesystem::path root = "/";
  std::filesystem::path socket;
  std::string output = "text";
  bool no_color = false;
};

/// A command's options and configuration.
struct Context {
  Globals globals;
  bool json = false;
  Style style;
  std::optional<config::Config> config;  ///< empty when it cannot be read; the paths are then the defaults
  std::string config_problem;            ///< why
  std::filesystem::path socket;
  std::filesystem::path database;

  Client client() const;
};

Context context_of(const Globals& globals);

void print(const std::string& text);
void print(const nlohmann::json& json);

/// Indented, with a line's end. Bytes from outside that are not UTF-8 are replaced.
std::string json_text(const nlohmann::json& json);
std::string json_text(const nlohmann::ordered_json& json);

/// On standard error; as JSON on standard output with -o json.
void print_error(const Error& error, bool json);
void print_note(const std::string& text);

/// {"sudoUser": …} when run as root through sudo, else an empty object.
nlohmann::json acting_user();

}  // namespace greenwave::cli
