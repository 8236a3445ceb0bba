#include "daemon/fetcher.h"

#include <chrono>
#include <utility>

#include "base/error.h"

namespace greenwave::daemon {

namespace {

sync::Delivery answer_to(sync::Intake& intake, sync::Question question, const sync::Phase& phase) {
  try {
    auto arrival = intake.receive(question, phase);
    return {std::move(question), std::move(arrival)};
  } catch (const Error& error) {
    return {std::move(question), error};
  }
}

}  // namespace

void Fetcher::ask(sync::Question question, sync::Phase phase) {
  answer_ = std::async(std::launch::async,
                       [this, question = std::move(question), phase = std::move(phase)]() mutable {
                         auto delivery = answer_to(intake_, std::move(question), phase);
                         has_arrived_ = true;
                         arrived_();
                         return delivery;
                       });
}

sync::Delivery Fetcher::take() {
  has_arrived_ = false;
  return answer_.get();
}

void Fetcher::interrupt() {
  if (!answer_.valid()) return;
  give_up_ = true;
  answer_.wait();
  answer_ = {};
  has_arrived_ = false;
  give_up_ = false;
  if (stop_) give_up_ = true;  // whoever sets `stop` sets that first
}

}  // namespace greenwave::daemon
