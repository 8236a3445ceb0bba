#include "base/completion.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/text.h"

namespace greenwave {

namespace {

/// "output" of "-o" and "--output".
std::string key_of(const OptionShape& option) {
  const auto longest = std::ranges::max_element(option.names, {}, &std::string::size);
  if (longest == option.names.end()) return {};
  return longest->substr(std::min(longest->find_first_not_of('-'), longest->size()));
}

bool is_called(const OptionShape& option, std::string_view name) {
  return std::ranges::find(option.names, name) != option.names.end();
}

/// Goes through the words that are complete, as the parser would.
class Line {
 public:
  explicit Line(const CommandShape& program) : path_{&program} {}

  void take(const std::string& word) {
    if (waiting_ != nullptr) {
      begun_.options[key_of(*std::exchange(waiting_, nullptr))] = word;
    } else if (!only_arguments_ && word == "--") {
      only_arguments_ = true;
    } else if (!only_arguments_ && word.size() > 1 && word.starts_with('-')) {
      take_option(word);
    } else {
      take_argument(word);
    }
  }

  Offer offer(const std::string& word, const LookUps& look_ups) {
    begun_.word = word;
    if (waiting_ != nullptr) return values_of(*waiting_, "", look_ups);
    if (!only_arguments_ && word.starts_with('-')) return offer_option(word, look_ups);
    if (!only_arguments_ && !command().commands.empty()) return with_prefix(commands());
    const auto* argument = next_argument();
    if (argument != nullptr) return values_of(*argument, "", look_ups);
    return only_arguments_ ? Offer() : with_prefix(options());
  }

 private:
  const CommandShape& command() const { return *path_.back(); }

  /// The innermost command's own options go first: one may have another -o than its program.
  const OptionShape* find(std::string_view name) const {
    for (auto at = path_.rbegin(); at != path_.rend(); ++at) {
      for (const auto& option : (*at)->options) {
        if (is_called(option, name)) return &option;
      }
    }
    return nullptr;
  }

  void take_option(const std::string& word) {
    const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    if (const auto* option = find(word.substr(0, equals)); option != nullptr) {
      used_.push_back(option);
      if (equals != std::string::npos) begun_.options[key_of(*option)] = word.substr(equals + 1);
      if (equals == std::string::npos && !option->value.empty()) waiting_ = option;
      return;
    }
    if (word.starts_with("--")) return;
    const auto* option = find(word.substr(0, 2));  // -ojson
    if (option == nullptr || option->value.empty()) return;
    used_.push_back(option);
    begun_.options[key_of(*option)] = word.substr(2);
  }

  void take_argument(const std::string& word) {
    const auto& commands = command().commands;
    const auto found = std::ranges::find(commands, word, &CommandShape::name);
    if (!only_arguments_ && found != commands.end()) {
      path_.push_back(&*found);
    } else {
      ++arguments_;
    }
  }

  const OptionShape* next_argument() const {
    auto left = arguments_;
    for (const auto& option : command().options) {
      if (!option.names.empty()) continue;
      if (left == 0 || option.repeats) return &option;
      --left;
    }
    return nullptr;
  }

  std::vector<Candidate> commands() const {
    std::vector<Candidate> all;
    for (const auto& one : command().commands) all.push_back({one.name, one.about});
    return all;
  }

  /// Those of the command and of what it belongs to, by their long names, but for those that are given.
  std::vector<Candidate> options() const {
    std::vector<Candidate> all;
    for (auto at = path_.rbegin(); at != path_.rend(); ++at) {
      for (const auto& option : (*at)->options) {
        const bool is_given = std::ranges::find(used_, &option) != used_.end();
        if (option.names.empty() || (is_given && !option.repeats)) continue;
        for (const auto& name : option.names) {
          if (find(name) == &option && (name.starts_with("--") || key_of(option).size() == 1)) {
            all.push_back({name, option.help});
          }
        }
      }
    }
    return all;
  }

  Offer offer_option(const std::string& word, const LookUps& look_ups) {
    const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    if (equals != std::string::npos) {
      const auto* option = find(word.substr(0, equals));
      return option != nullptr ? values_of(*option, word.substr(0, equals + 1), look_ups) : Offer();
    }
    if (word.size() >= 2 && word[1] != '-') {
      const auto* option = find(word.substr(0, 2));
      const bool has_value = option != nullptr && !option->value.empty();
      if (has_value && word.size() > 2) return values_of(*option, word.substr(0, 2), look_ups);
      return option != nullptr && word.size() == 2 ? Offer{Offer::Paths::none, {{word, option->help}}}
                                                   : Offer();
    }
    return with_prefix(options());
  }

  /// `before` is what of the word is not the value: "--output=".
  Offer values_of(const OptionShape& option, const std::string& before, const LookUps& look_ups) {
    auto begun = begun_;
    begun.word = begun_.word.substr(before.size());
    Offer offer;
    auto values = option.values;
    if (const auto found = look_ups.find(option.value); values.empty() && found != look_ups.end()) {
      try {
        values = found->second(begun);
      } catch (const std::exception&) {
        values.clear();  // nobody reads a message in the middle of a line
      }
    }
    for (const auto& value : values) {
      if (value.starts_with(begun.word)) offer.candidates.push_back({before + value, {}});
    }
    if (!option.values.empty() || !offer.candidates.empty()) return offer;
    if (option.value == "FILE" || option.value == "PATH") offer.paths = Offer::Paths::files;
    if (option.value == "DIR" || option.value == "WHERE") offer.paths = Offer::Paths::directories;
    return offer;
  }

  Offer with_prefix(std::vector<Candidate> candidates) const {
    std::erase_if(candidates, [this](const Candidate& one) { return !one.text.starts_with(begun_.word); });
    return {.paths = Offer::Paths::none, .candidates = std::move(candidates)};
  }

  std::vector<const CommandShape*> path_;
  Begun begun_;
  std::vector<const OptionShape*> used_;
  const OptionShape* waiting_ = nullptr;  ///< for its value
  std::size_t arguments_ = 0;
  bool only_arguments_ = false;  ///< after "--"
};

std::string_view word_of(Offer::Paths paths) {
  switch (paths) {
    case Offer::Paths::files:
      return "files";
    case Offer::Paths::directories:
      return "directories";
    case Offer::Paths::none:
      break;
  }
  return "none";
}

}  // namespace

Offer complete(const CommandShape& program, std::span<const std::string> words, const LookUps& look_ups) {
  Line line(program);
  if (words.empty()) return line.offer("", look_ups);
  for (const auto& word : words.first(words.size() - 1)) line.take(word);
  return line.offer(words.back(), look_ups);
}

std::string completion_lines(const Offer& offer) {
  std::string text(word_of(offer.paths));
  text += '\n';
  for (const auto& [candidate, help] : offer.candidates) {
    if (candidate.empty() || printable(candidate) != candidate) continue;
    text += candidate + '\t' + printable(help.substr(0, help.find('\n'))) + '\n';
  }
  return text;
}

}  // namespace greenwave
