#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace greenwave {

/// Where something was written. Lines and columns count from 1; 0 means unknown.
struct Place {
  std::shared_ptr<const std::string> file;  ///< shared by all nodes of one file; null: no file
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool secret = false;    ///< this value was encrypted: no message repeats any of it
  bool unopened = false;  ///< what stands here belongs to what this device failed to decrypt
};

/// "base/chrony.yaml:3:5", the form that editors and CI systems turn into links.
std::string to_string(const Place& place);

enum class Severity { error, warning };

/// A mistake in a file that people wrote: what is wrong, where, and what to write instead.
struct Problem {
  Severity severity = Severity::error;
  Place place;
  std::string message;
  std::string remedy;  ///< may be empty
};

/// "base/chrony.yaml:3:5: error: MESSAGE; REMEDY"
std::string to_string(const Problem& problem);

/// Collects problems, so that people see all of them at once instead of one per try. A message about a secret
/// place is replaced by one that reveals nothing of the value: code that reads fields need not care.
class Problems {
 public:
  void error(const Place& place, std::string message, std::string remedy = {});
  void warning(const Place& place, std::string message, std::string remedy = {});
  void append(const Problems& other);

  bool has_errors() const;
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const std::vector<Problem>& list() const { return list_; }

 private:
  std::vector<Problem> list_;
};

}  // namespace greenwave
