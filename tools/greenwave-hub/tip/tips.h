#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/message.h"
#include "tip/tip_directory.h"

namespace greenwave::hub {

struct TipLimits {
  std::size_t held = 20'000;                    ///< requests at once; more are answered at once
  Duration longest = std::chrono::minutes(15);  ///< that one is held
  std::size_t at_once = 200;                    ///< answers in a step, so that not all devices fetch at once
  Duration step = std::chrono::milliseconds(50);
};

/// Answers who asks for a ref's tip file: at once or, where the request prefers to wait (RFC 7240), when the
/// file is another one than the request knows (If-None-Match), or the time is over. What it answers depends
/// on Prefer, and says so, by which agents know that they may wait. On the loop's thread.
class Tips {
 public:
  Tips(Loop& loop, std::filesystem::path directory, const TipLimits& limits = {});
  ~Tips();
  Tips(const Tips&) = delete;
  Tips& operator=(const Tips&) = delete;

  void answer(const HttpRequest& request, std::shared_ptr<Responder> responder);
  std::size_t held() const { return held_; }
  /// Answers all that wait with 503: their devices come back at moments of their own.
  void close();

 private:
  struct Waiting {
    std::string tag;  ///< that the client knows
    std::uint32_t seconds = 0;
    Loop::Timer timer = 0;
    std::shared_ptr<Responder> responder;
  };
  using Queue = std::list<Waiting>;

  void hold(const std::string& path, Waiting waiting);
  void expire(const std::string& path, Queue::iterator waiting);
  void look(const std::string& directory);
  void release();

  Loop& loop_;
  TipLimits limits_;
  TipDirectory directory_;
  std::unordered_map<std::string, Queue> waiting_;  ///< by path
  /// Those to whom there is something to say.
  struct News {
    std::shared_ptr<Responder> responder;
    HttpReply reply;
  };
  std::deque<News> news_;
  Loop::Timer releasing_ = 0;
  std::size_t held_ = 0;
};

}  // namespace greenwave::hub
