#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "client.h"
#include "config/config.h"
#include "style.h"

namespace greenwave::cli {

/// What every command exits with when it could not do what it is for.
inline constexpr int exit_not_done = 2;

/// The options that every command takes.
struct Globals {
  std::filesystem::path config = "/etc/greenwave/agent.yaml";
  std::filesystem::path root = "/";
  std::filesystem::path socket;
  std::string output = "text";
  bool no_color = false;
};

/// What a command works with.
struct Context {
  Globals globals;
  bool json = false;
  Style style;
  std::optional<config::Config> config;  ///< nothing when it can't be read: then the places are the defaults
  std::string config_problem;            ///< why
  std::filesystem::path socket;
  std::filesystem::path database;

  Client client() const { return Client(socket); }
};

Context context_of(const Globals& globals);

void print(const std::string& text);
void print(const nlohmann::json& json);

/// On standard error; as JSON on standard output with -o json.
void print_error(const Error& error, bool json);
void print_note(const std::string& text);

/// {"sudoUser": …} when root acts for someone by sudo, else an empty object.
nlohmann::json acting_user();

}  // namespace greenwave::cli
