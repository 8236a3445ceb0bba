#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "sandbox/channel.h"
#include "sandbox/wire.h"

/// The renderer begins with a Greeting. Then the agent asks, and is asked for files of the commit until the
/// answer comes; each message is a word and its values.
namespace greenwave::render::confined {

/// The first message.
struct Greeting {
  std::string refusal;               ///< why it does not work; empty: it does
  std::vector<std::string> missing;  ///< of the confinement, see sandbox::confine()
};
inline auto members(Greeting& greeting) {
  return std::tie(greeting.refusal, greeting.missing);
}

/// From the agent.
enum class Ask : std::uint8_t {
  use_key,     ///< name, with the open file → Answer::problems
  render,      ///< Recipient, whether with keys → Answer::rendered
  membership,  ///< Recipient → Answer::membership
  open,        ///< path, bytes → Answer::text
  items,       ///< to Answer::list
  text,        ///< to Answer::read
  refusal,     ///< to Answer::read: message, remedy
};

/// From the renderer.
enum class Answer : std::uint8_t {
  list,        ///< the directory's path
  read,        ///< the file's path, the most bytes
  problems,    ///< Problems
  rendered,    ///< Rendered
  membership,  ///< Membership
  text,        ///< bytes
  refusal,     ///< message, remedy: what people wrote is wrong
  not_listed,  ///< message, remedy: render::NotListed
  failure,     ///< message: the renderer's own
};

inline bool is_known(Ask word) {
  return word <= Ask::refusal;
}
inline bool is_known(Answer word) {
  return word <= Answer::failure;
}

/// The largest file, and a little.
inline constexpr std::size_t longest_for_renderer = 80 << 20;
/// What a device's manifests may be, and half as much for the rest.
inline constexpr std::size_t longest_from_renderer = 96 << 20;
/// What an answer may become in memory: a map's members are larger than they count as in collect.cpp.
inline constexpr std::size_t most_from_renderer = 192 << 20;

template <typename Word, typename... Values>
std::string message(Word word, const Values&... values) {
  sandbox::Writer writer;
  writer.add(word);
  writer.all(values...);
  return writer.take();
}

}  // namespace greenwave::render::confined
