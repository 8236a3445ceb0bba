#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenwave::dpkg {

/// One package in the syntax of deb822(5): a .deb's control data, or a paragraph of dpkg's status file.
class Paragraph {
 public:
  /// Its value, trimmed, with its further lines; empty if there is no such field. Names are case-insensitive.
  std::string_view field(std::string_view name) const;

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void add_line(std::string_view line);
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Calls `take` for each paragraph, in order. `what` names the text in messages. Throws Error (invalid) on a
/// syntax error. The caller bounds the size of the text.
void read_paragraphs(std::string_view text, std::string_view what,
                     const std::function<void(const Paragraph&)>& take);

/// The paragraph of a .deb's control data. Throws Error (invalid) unless there is exactly one.
Paragraph read_control(std::string_view text, std::string_view what);

/// A package that another one names, as deb-control(5) writes it: "libc6 (>= 2.36)".
struct Relation {
  enum class Order { any, earlier, at_most, exactly, at_least, later };
  std::string name;
  Order order = Order::any;
  std::string version{};
};
std::string to_string(const Relation& relation);

/// Whether `version` satisfies the relation. Empty: the package is not installed, and nothing is satisfied.
bool is_met(const Relation& relation, std::string_view version);

/// "a | b": any of them.
using Alternatives = std::vector<Relation>;
std::string to_string(const Alternatives& alternatives);

/// Reads a field such as Depends, without architecture qualifiers (":any"). Throws Error (invalid).
std::vector<Alternatives> read_relations(std::string_view field);

}  // namespace greenwave::dpkg
