#include "report/trouble.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave::report {

bool Trouble::is_new(const std::string& what, std::string& said) {
  auto words = what;
  std::erase_if(words, [](char letter) { return letter >= '0' && letter <= '9'; });
  if (words == said) return false;
  said = std::move(words);
  return true;
}

void Trouble::show(const std::string& note) {
  if (note == remarked_) return;
  remarked_ = note;
  remark_(note);
}

void Trouble::unreachable(const std::string& url, const std::string& why, Time now) {
  if (!since_) since_ = now;
  if (is_new(why, said_)) log_.warning(fmt::format("cannot report to the hub: {}", why));
  const auto when = *since_ < clock_is_set ? "" : fmt::format(" since {}", to_iso(*since_));
  show(fmt::format("the hub {} could not be reached{}; the device does not depend on it", url, when));
}

void Trouble::blocked(const std::string& what) {
  if (is_new(what, said_)) log_.warning(what);
  show(what);
}

void Trouble::mention(const std::string& what) {
  if (is_new(what, mentioned_)) log_.warning(what);
}

void Trouble::forget() {
  since_.reset();
  said_.clear();
  mentioned_.clear();
  show("");
}

void Trouble::over(const std::string& url) {
  if (since_) log_.info(fmt::format("the hub {} is reached again", url));
  since_.reset();
  said_.clear();
  show("");
}

}  // namespace greenwave::report
