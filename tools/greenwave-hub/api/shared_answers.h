#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "database/connection.h"
#include "events/events.h"
#include "http/message.h"

namespace greenwave::hub {

/// What the database said to a question that many ask at once.
struct SharedAnswer {
  std::string text;   ///< its one value; empty: none
  std::string event;  ///< the id of the last event before it: what came later may be missing
};

/// Questions whose answer is the same for everyone: hundreds of open pages ask them at each change. The
/// database is asked once for all who wait. On the loop's thread.
class SharedAnswers {
 public:
  /// Both outlive this.
  SharedAnswers(Connection& reader, const Events& events) : reader_(reader), events_(events) {}

  /// `query.name` tells questions apart. The answer is from after the request, or from at most `old` before
  /// it. `shape` makes the reply of it; failures are replied as reply_for(Failure) does.
  using Shape = std::function<HttpReply(const SharedAnswer& answer)>;
  void reply(const Query& query, std::shared_ptr<Responder> responder, Shape shape, Duration old = {});

 private:
  struct Waiting {
    std::shared_ptr<Responder> responder;
    Shape shape;
  };
  struct Question {
    SharedAnswer answer;
    Instant asked{};
    bool is_fresh = false;  ///< `answer` is that of the question asked at `asked`
    std::vector<Waiting> waiting;
    std::vector<Waiting> later;  ///< who came after it was asked, and wants an answer from then
  };
  void ask(Question& question, const Query& query);
  void finish(Question& question, const Query& query, const Answer& answer);

  Connection& reader_;
  const Events& events_;
  std::map<std::string, Question, std::less<>> questions_;
};

}  // namespace greenwave::hub
