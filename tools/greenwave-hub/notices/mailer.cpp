#include "notices/mailer.h"

#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

Fd file_of(const std::string& text) {
  Fd file(::memfd_create("mail", MFD_CLOEXEC));
  if (!file) throw system_error("make", "a mail");
  write_all(file.get(), text, "a mail");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw system_error("make", "a mail");
  return file;
}

}  // namespace

Mailer::Mailer(MailPlace place, Loop& loop) : place_(std::move(place)), loop_(loop) {
  thread_ = std::thread([this] { work(); });
}

Mailer::~Mailer() {
  {
    const Lock lock(mutex_);
    stop_ = true;
    wakeup_.notify_all();
  }
  thread_.join();
}

void Mailer::send(std::string text, Then then) {
  const Lock lock(mutex_);
  waiting_.push_back({std::move(text), std::move(then)});
  wakeup_.notify_all();
}

void Mailer::work() {
  while (true) {
    Mail mail;
    {
      const Lock lock(mutex_);
      while (!stop_ && waiting_.empty()) wakeup_.wait(mutex_);
      if (stop_) return;
      mail = std::move(waiting_.front());
      waiting_.pop_front();
    }
    auto failure = give(mail.text);
    if (stop_) return;
    loop_.post([then = std::move(mail.then), failure = std::move(failure)] { then(failure); });
  }
}

std::string Mailer::give(const std::string& text) const {
  try {
    const auto input = file_of(text);
    Command command;
    command.argv = {place_.sendmail.native(), "-i", "-f", place_.from, "--"};
    command.argv.insert(command.argv.end(), place_.to.begin(), place_.to.end());
    command.input = input.get();
    command.given_up = [this] { return stop_.load(); };
    const auto result = run(command);
    if (result.timed_out) return fmt::format("{} did not end", place_.sendmail.native());
    if (result.status == 0) return {};
    return fmt::format("{} ended with exit status {}: {}", place_.sendmail.native(), result.status,
                       in_one_line(trim(result.output), 200));
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace greenwave::hub
