#pragma once

#include <string>
#include <vector>

#include "drivers/driver.h"

namespace greenwave::drivers::host {

/// What of the device belongs to other objects than one, at the moment of asking. None of it is removed. The
/// Render and the id must outlive it.
class Others {
 public:
  Others(const Render& render, const ObjectId& id) : render_(render), id_(id) {}

  /// Who has the path; null: nobody else.
  const ObjectId* at(const std::string& path) const;
  /// Whether what is at the path may still be somebody else's: who has it has begun to take it, and may not
  /// have come far.
  bool has_only_begun(const std::string& path) const;
  /// The paths below it that others have.
  std::vector<std::string> below(const std::string& path) const;

 private:
  const Render& render_;
  const ObjectId& id_;
};

/// Paths that a removal left alone, for people.
class Left {
 public:
  /// Whether the path is another's; then it is noted.
  bool is_left(const Others& others, const std::string& path);
  /// "left /etc/motd, which is File/motd's now"; empty: there was none.
  std::string in_words() const;

 private:
  std::string first_;
  std::size_t count_ = 0;
};

}  // namespace greenwave::drivers::host
