#include "api/shared_answers.h"

#include <utility>

#include "api/api.h"

namespace greenwave::hub {

void SharedAnswers::reply(const Query& query, std::shared_ptr<Responder> responder, Shape shape,
                          Duration old) {
  auto& question = questions_[query.name];
  const bool is_recent = std::chrono::steady_clock::now() - question.asked < old;
  if (question.is_fresh && is_recent) {
    responder->reply(shape(question.answer));
  } else if (question.waiting.empty()) {
    question.waiting.push_back({std::move(responder), std::move(shape)});
    ask(question, query);
  } else {
    (is_recent ? question.waiting : question.later).push_back({std::move(responder), std::move(shape)});
  }
}

void SharedAnswers::ask(Question& question, const Query& query) {
  question.asked = std::chrono::steady_clock::now();
  question.is_fresh = false;
  question.answer = {.text = {}, .event = events_.last_id()};
  reader_.ask(query, [this, &question, query](const Answer& answer) { finish(question, query, answer); });
}

void SharedAnswers::finish(Question& question, const Query& query, const Answer& answer) {
  const auto waiting = std::exchange(question.waiting, std::exchange(question.later, {}));
  const auto& failure = answer.failure();
  if (!failure && answer.rows() > 0) question.answer.text = answer.text(0, 0);
  question.is_fresh = !failure;
  for (const auto& one : waiting)
    one.responder->reply(failure ? reply_for(*failure) : one.shape(question.answer));
  if (!question.waiting.empty()) ask(question, query);
}

}  // namespace greenwave::hub
