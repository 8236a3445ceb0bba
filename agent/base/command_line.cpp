#include "base/command_line.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave {

namespace {

/// Where the continuation of a line begins: below its second column, if it has one.
std::size_t indent_of(const std::string& line) {
  const auto text = line.find_first_not_of(' ');
  if (text == std::string::npos) return 0;
  const auto gap = line.find("  ", text);
  return gap == std::string::npos ? text : line.find_first_not_of(' ', gap);
}

std::string wrapped_line(const std::string& line, std::size_t columns) {
  const auto indent = indent_of(line);
  if (line.size() <= columns || indent + 20 > columns) return line;
  std::string text = line.substr(0, indent);
  auto column = indent;
  for (const auto word : split(std::string_view(line).substr(indent), ' ')) {
    if (column > indent && column + 1 + word.size() > columns) {
      text += '\n' + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) text += ' ';
    column += word.size() + (column > indent ? 1 : 0);
    text += word;
  }
  return text;
}

/// Whether a line goes on with the sentence of the one before it.
bool continues(const std::string& before, const std::string& line) {
  return !before.empty() && before.front() != ' ' && !before.ends_with(':') && !line.empty() &&
         std::islower(static_cast<unsigned char>(line.front())) != 0;
}

std::string wrapped(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines;
  for (const auto part : split(text, '\n')) {
    const std::string line(part);
    if (!lines.empty() && continues(lines.back(), line)) {
      lines.back() += " " + line;
    } else {
      lines.push_back(line);
    }
  }
  std::string all;
  for (const auto& line : lines) all += (&line == lines.data() ? "" : "\n") + wrapped_line(line, columns);
  return all;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

Error unknown(const std::string& what, const std::string& word, const std::vector<std::string>& names,
              const std::string& otherwise) {
  // To -n, every other letter is as near.
  const bool is_letter = word.size() == 2 && word.starts_with('-');
  const auto near = is_letter ? std::string() : nearest(word, names);
  return {Fault::invalid, fmt::format("unknown {} {}", what, printable(word)),
          near.empty() ? otherwise : fmt::format("did you mean {}?", near)};
}

/// CLI11's words are those of its own classes.
std::string message_of(const CLI::ParseError& error) {
  const std::string said = error.what();
  const auto colon = said.find(':');
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr || colon == std::string::npos)
    return said;
  const auto option = said.substr(0, colon);
  if (said.find("At Most 1 required") != std::string::npos) return option + " is given more than once";
  if (said.ends_with(" missing")) return option + " needs a value";
  return said;
}

OptionShape shape_of(const CLI::Option& option, const DeclaredValue& value) {
  OptionShape shape{.names = {}, .help = option.get_description(), .value = {}, .values = value.all};
  for (const auto& name : option.get_snames()) shape.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) shape.names.push_back("--" + name);
  if (option.get_items_expected_max() > 0 && option.get_type_size_max() > 0) {
    const auto& otherwise = option.get_positional() ? option.get_name(true) : option.get_type_name();
    shape.value = value.name.empty() ? otherwise : value.name;
  }
  shape.repeats = option.get_expected_max() > 1;
  return shape;
}

}  // namespace

class WrappedHelp : public CLI::Formatter {
 public:
  void at(std::size_t columns) { columns_ = columns; }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    auto text = CLI::Formatter::make_help(app, std::move(name), mode);
    return columns_ == 0 ? text : wrapped(text, columns_);
  }

 private:
  std::size_t columns_ = 0;
};

CommandOption& CommandOption::value_name(const std::string& name) {
  option_->type_name(name);
  value_->name = name;
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
  value_->all = values;
  CLI::Validator member(fmt::format("{{{}}}", fmt::join(values, ",")));
  member.operation([values = std::move(values), name = option_->get_name()](const std::string& given) {
    if (contains(values, given)) return std::string();
    const auto near = nearest(given, values);
    throw Error(Fault::invalid,
                fmt::format("{}: {} is not one of {}", name, printable(given), fmt::join(values, ", ")),
                near.empty() ? "" : fmt::format("did you mean {}?", near));
  });
  option_->check(member);
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
    : formatter_(std::make_shared<WrappedHelp>()),
      owned_(std::make_unique<CLI::App>(about, name)),
      app_(owned_.get()),
      values_(std::make_shared<DeclaredValues>()) {
  app_->formatter(formatter_);
}

CommandLine::CommandLine(CLI::App* command, std::shared_ptr<DeclaredValues> values)
    : app_(command), values_(std::move(values)) {}

CommandLine::~CommandLine() = default;

void CommandLine::footer(const std::string& text) {
  app_->footer(text);
}

void CommandLine::wrap_help(std::size_t columns) {
  formatter_->at(columns);
}

void CommandLine::version(const std::string& text) {
  app_->set_version_flag("--version", text);
}

CommandOption CommandLine::declared(CLI::Option* option) {
  return {option, (*values_)[option]};
}

CommandOption CommandLine::option(const std::string& names, std::string& value, const std::string& help) {
  return declared(app_->add_option(names, value, help));
}

CommandOption CommandLine::option(const std::string& names, std::filesystem::path& value,
                                  const std::string& help) {
  auto* const option = app_->add_option(names, value, help);
  // A script's variable that is not set: without the file, the command could do less than it was told to.
  option->check([](const std::string& given) { return given.empty() ? "the path is empty" : ""; });
  (*values_)[option].name = "PATH";
  return declared(option);
}

CommandOption CommandLine::option(const std::string& names, std::size_t& value, const std::string& help) {
  return declared(app_->add_option(names, value, help));
}

CommandOption CommandLine::option(const std::string& names, std::vector<std::string>& values,
                                  const std::string& help) {
  return declared(app_->add_option(names, values, help)->allow_extra_args(false));
}

CommandOption CommandLine::flag(const std::string& names, bool& value, const std::string& help) {
  return declared(app_->add_flag(names, value, help));
}

CommandLine& CommandLine::subcommand(const std::string& name, const std::string& about) {
  app_->fallthrough();
  app_->require_subcommand(1);
  commands_.push_back(
      std::unique_ptr<CommandLine>(new CommandLine(app_->add_subcommand(name, about), values_)));
  return *commands_.back();
}

/// The command that was given, down to the last word that is one.
const CommandLine& CommandLine::innermost() const {
  const auto given = std::ranges::find_if(commands_, [](const auto& one) { return one->app_->parsed(); });
  return given == commands_.end() ? *this : (*given)->innermost();
}

std::string CommandLine::try_help() const {
  std::string command;
  for (const auto* app = innermost().app_; app != nullptr; app = app->get_parent()) {
    command = app->get_name() + " " + command;
  }
  return fmt::format("see {}--help", command);
}

/// Throws an Error about the first word that is neither an option nor a command.
void CommandLine::refuse_leftovers() const {
  const auto words = app_->remaining(true);
  if (words.empty()) return;
  const auto& word = words.front();
  const auto& given = innermost();
  if (word.starts_with("-")) {
    std::vector<std::string> names;
    for (const auto* app = given.app_; app != nullptr; app = app->get_parent()) {
      std::ranges::move(option_names(*app), std::back_inserter(names));
    }
    throw unknown("option", word.substr(0, word.find('=')), names, try_help());
  }
  if (!given.commands_.empty()) throw unknown("command", word, command_names(*given.app_), try_help());
  throw Error(Fault::invalid, fmt::format("unexpected argument {}", printable(word)), try_help());
}

void CommandLine::look_up(const std::string& value_name, LookUp look_up) {
  look_ups_[value_name] = std::move(look_up);
}

CommandShape CommandLine::shape() const {
  CommandShape shape{
      .name = app_->get_name(), .about = app_->get_description(), .options = {}, .commands = {}};
  for (const auto* option : app_->get_options()) {
    const auto known = values_->find(option);
    shape.options.push_back(shape_of(*option, known == values_->end() ? DeclaredValue() : known->second));
  }
  for (const auto& command : commands_) shape.commands.push_back(command->shape());
  return shape;
}

bool CommandLine::parse(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == completion_request) {
    const std::vector<std::string> words(argv + 2, argv + argc);
    std::fputs(completion_lines(complete(shape(), words, look_ups_)).c_str(), stdout);
    return false;
  }
  try {
    app_->parse(argc, argv);
    return true;
  } catch (const CLI::Success& done) {
    app_->exit(done);
    return false;
  } catch (const CLI::ParseError& error) {
    refuse_leftovers();
    if (chosen().empty() && argc < 2 && !commands_.empty()) {
      throw Error(Fault::invalid, "no command is given", try_help());
    }
    const auto& given = innermost();
    if (!given.commands_.empty() && given.app_->get_subcommands().empty()) {
      throw Error(Fault::invalid,
                  fmt::format("{} needs a command: {}", given.app_->get_name(),
                              fmt::join(command_names(*given.app_), ", ")),
                  try_help());
    }
    throw Error(Fault::invalid, message_of(error), try_help());
  }
}

std::string CommandLine::help(const std::string& command) const {
  const CLI::App* app = app_;
  auto name = app_->get_name();
  if (!command.empty()) {
    const auto named = [&command](const CLI::App* each) { return each->get_name() == command; };
    const auto found = std::as_const(*app_).get_subcommands(named);
    if (found.empty()) throw unknown("command", command, command_names(*app_), try_help());
    app = found.front();
    name += " " + command;
  }
  return app->get_formatter()->make_help(app, name, CLI::AppFormatMode::Normal);
}

std::string CommandLine::chosen() const {
  const auto commands = app_->get_subcommands();
  return commands.empty() ? "" : commands.front()->get_name();
}

}  // namespace greenwave
