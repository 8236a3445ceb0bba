#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "config/notices_config.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// Gives mails to the system's sendmail, one after the other, on a thread of its own. No shell is involved.
class Mailer {
 public:
  /// `failure` is empty when sendmail took the mail. Called on the loop's thread.
  using Then = std::function<void(std::string failure)>;

  /// `loop` outlives this.
  Mailer(MailPlace place, Loop& loop);
  /// A sendmail that runs is ended.
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  void send(std::string text, Then then) EXCLUDES(mutex_);

 private:
  struct Mail {
    std::string text;
    Then then;
  };
  void work() EXCLUDES(mutex_);
  std::string give(const std::string& text) const;

  MailPlace place_;
  Loop& loop_;
  std::atomic<bool> stop_ = false;
  Mutex mutex_;
  Condition wakeup_;
  std::deque<Mail> waiting_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace greenwave::hub
