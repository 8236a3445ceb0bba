#include "base/command_line.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace greenwave {

CommandOption& CommandOption::value_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

CommandOption& CommandOption::required() {
  option_->required();
  return *this;
}

CommandOption& CommandOption::show_default() {
  option_->capture_default_str();
  return *this;
}

CommandOption& CommandOption::one_of(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return *this;
}

CommandOption& CommandOption::between(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

CommandOption& CommandOption::needs(const CommandOption& other) {
  option_->needs(other.option_);
  return *this;
}

CommandOption& CommandOption::excludes(const CommandOption& other) {
  option_->excludes(other.option_);
  return *this;
}

CommandLine::CommandLine(const std::string& name, const std::string& about)
    : owned_(std::make_unique<CLI::App>(about, name)), app_(owned_.get()) {}

CommandLine::CommandLine(CLI::App* command) : app_(command) {}

CommandLine::~CommandLine() = default;

void CommandLine::footer(const std::string& text) {
  app_->footer(text);
}

void CommandLine::version(const std::string& text) {
  app_->set_version_flag("--version", text);
}

CommandOption CommandLine::option(const std::string& names, std::string& value, const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::option(const std::string& names, std::filesystem::path& value,
                                  const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::option(const std::string& names, std::size_t& value, const std::string& help) {
  return CommandOption(app_->add_option(names, value, help));
}

CommandOption CommandLine::option(const std::string& names, std::vector<std::string>& values,
                                  const std::string& help) {
  return CommandOption(app_->add_option(names, values, help)->allow_extra_args(false));
}

CommandOption CommandLine::flag(const std::string& names, bool& value, const std::string& help) {
  return CommandOption(app_->add_flag(names, value, help));
}

CommandLine& CommandLine::subcommand(const std::string& name, const std::string& about) {
  app_->fallthrough();
  app_->require_subcommand(1);
  commands_.push_back(std::unique_ptr<CommandLine>(new CommandLine(app_->add_subcommand(name, about))));
  return *commands_.back();
}

std::optional<int> CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
    return {};
  } catch (const CLI::ParseError& error) {
    return app_->exit(error);
  }
}

std::string CommandLine::chosen() const {
  const auto commands = app_->get_subcommands();
  return commands.empty() ? "" : commands.front()->get_name();
}

}  // namespace greenwave
