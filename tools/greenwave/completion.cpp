#include "base/completion.h"

#include "cli.h"

namespace greenwave::cli {

namespace {

Action declare_completion(CommandLine& line) {
  const auto shell = std::make_shared<std::string>();
  line.option("SHELL", *shell, "bash, zsh or fish").one_of(completion_shells()).required();
  return [shell](const Context&) {
    for (const auto* program : {"greenwave", "greenwaved"}) print(completion_script(*shell, program));
    return 0;
  };
}

}  // namespace

const Subcommand completion_command{
    .name = "completion",
    .summary = "A script that completes commands, options and names in your shell",
    .details =
        R"(The packages install these scripts for all three shells. Where they are not, add the line for your shell to its
startup file. The script asks this program for each word, which takes about 15 ms and no network: commands,
options, the values that they have, devices, labels, layers and branches of the city here, and this device's
objects.

Exit codes: 0 printed, 2 there is no such shell.

Examples:
  source <(greenwave completion bash)       in ~/.bashrc
  source <(greenwave completion zsh)        in ~/.zshrc, after compinit
  greenwave completion fish | source        in ~/.config/fish/config.fish)",
    .declare = declare_completion,
};

}  // namespace greenwave::cli
