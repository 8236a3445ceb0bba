#include "plan/step.h"

namespace greenwave::plan {

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::create:
      return "create";
    case Verb::adopt:
      return "adopt";
    case Verb::update:
      return "update";
    case Verb::repair:
      return "repair";
    case Verb::accept:
      return "accept";
    case Verb::restart:
      return "restart";
    case Verb::reload:
      return "reload";
    case Verb::remove:
      return "remove";
    case Verb::release:
      return "release";
  }
  return "unknown";
}

std::string_view word_of(const Step& step) {
  return step.verb == Verb::remove && step.gives_back ? "give back" : to_string(step.verb);
}

bool changes_device(const Step& step) {
  switch (step.verb) {
    case Verb::create:
    case Verb::update:
    case Verb::repair:
      return true;
    case Verb::adopt:
      return step.difference.kind != Difference::Kind::none;
    default:
      return false;
  }
}

}  // namespace greenwave::plan
