#include "tip/tips.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "http/preference.h"
#include "tip/tip_name.h"

namespace greenwave::hub {

namespace {

using Known = std::shared_ptr<const TipDirectory::Tip>;

/// To which moments the ends of holds are put together.
constexpr auto beat = std::chrono::seconds(2);

/// Of If-None-Match: one tag, or a list.
bool is_known(std::string_view known, std::string_view tag) {
  const auto tags = split(known, ',');
  return std::ranges::any_of(tags, [&](auto one) {
    one = trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    return one == tag;
  });
}

/// To an even second of the clock, so that many are answered in one round: libmicrohttpd looks at all that
/// wait whenever one is woken. Agents wait for some seconds longer than they ask for.
Duration until_beat(std::uint32_t seconds) {
  using Beats = std::chrono::duration<std::int64_t, std::ratio<beat.count()>>;
  const auto now = std::chrono::steady_clock::now();
  const auto due = std::chrono::ceil<Beats>(now.time_since_epoch() + std::chrono::seconds(seconds));
  return std::chrono::ceil<Duration>(due - now.time_since_epoch());
}

HttpReply reply_with(const Known& tip, std::string_view known, std::uint32_t waited) {
  if (!tip) {
    auto reply = refusal(404, "there is no tip of this ref", "see greenwave-hub(8), THE MIRROR");
    reply.headers.emplace_back("Vary", "Prefer");
    return reply;
  }
  HttpReply reply;
  if (is_known(known, tip->tag)) {
    reply.status = 304;
    reply.type = "";
  } else {
    reply.type = "text/plain";
    reply.body = tip->text;
  }
  reply.headers = {{"ETag", tip->tag}, {"Vary", "Prefer"}};
  if (waited > 0) reply.headers.emplace_back("Preference-Applied", fmt::format("wait={}", waited));
  return reply;
}

}  // namespace

Tips::Tips(Loop& loop, std::filesystem::path directory, const TipLimits& limits)
    : loop_(loop),
      limits_(limits),
      directory_(loop, std::move(directory), [this](const std::string& changed) { look(changed); }) {}

Tips::~Tips() {
  close();
}

void Tips::answer(const HttpRequest& request, std::shared_ptr<Responder> responder) {
  if (request.method != "GET" && request.method != "HEAD") {
    return responder->reply(refusal(405, "a tip is only read", "use GET"));
  }
  if (!is_tip_path(request.path)) return responder->reply(reply_with({}, {}, 0));
  const auto known = request.header("if-none-match");
  auto wait = http::wait_of(request.header("prefer"));
  // Watched before it is read: nothing is missed in between.
  if (held_ >= limits_.held || (wait && !directory_.watch(request.path))) wait.reset();
  const auto tip = directory_.read(request.path);
  if (!wait || *wait == 0 || !tip || !is_known(known, tip->tag)) {
    return responder->reply(reply_with(tip, known, 0));
  }
  const auto longest = std::chrono::floor<std::chrono::seconds>(limits_.longest).count();
  const auto seconds = std::min(*wait, static_cast<std::uint32_t>(longest));
  hold(request.path, {.tag = tip->tag, .seconds = seconds, .responder = std::move(responder)});
}

void Tips::hold(const std::string& path, Waiting waiting) {
  auto& queue = waiting_[path];
  queue.push_back(std::move(waiting));
  ++held_;
  const auto place = std::prev(queue.end());
  place->timer = loop_.after(until_beat(place->seconds), [this, path, place] { expire(path, place); });
}

void Tips::expire(const std::string& path, Queue::iterator waiting) {
  const auto queue = waiting_.find(path);
  waiting->responder->reply(reply_with(directory_.read(path), waiting->tag, waiting->seconds));
  queue->second.erase(waiting);
  --held_;
  if (queue->second.empty()) waiting_.erase(queue);
}

void Tips::look(const std::string& directory) {
  for (auto queue = waiting_.begin(); queue != waiting_.end();) {
    const auto& path = queue->first;
    if (directory_of(path) != directory) {
      ++queue;
      continue;
    }
    const bool is_watched = directory_.watch(path);
    const auto tip = directory_.read(path);
    std::erase_if(queue->second, [&](Waiting& waiting) {
      if (is_watched && tip && tip->tag == waiting.tag) return false;
      loop_.cancel(waiting.timer);
      news_.push_back({std::move(waiting.responder), reply_with(tip, waiting.tag, waiting.seconds)});
      return true;
    });
    queue = queue->second.empty() ? waiting_.erase(queue) : std::next(queue);
  }
  if (releasing_ == 0) release();
}

void Tips::release() {
  releasing_ = 0;
  for (std::size_t count = 0; count < limits_.at_once && !news_.empty(); ++count) {
    news_.front().responder->reply(std::move(news_.front().reply));
    news_.pop_front();
    --held_;
  }
  if (!news_.empty()) releasing_ = loop_.after(limits_.step, [this] { release(); });
}

void Tips::close() {
  loop_.cancel(std::exchange(releasing_, 0));
  for (auto& news : news_) news.responder->reply(std::move(news.reply));
  news_.clear();
  for (auto& [path, queue] : waiting_) {
    for (auto& waiting : queue) {
      loop_.cancel(waiting.timer);
      waiting.responder->reply(unavailable("the server is stopping"));
    }
  }
  waiting_.clear();
  held_ = 0;
}

}  // namespace greenwave::hub
