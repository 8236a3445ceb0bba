#include "intake/intake.h"

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "intake/batch.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_in_batch = 500;
constexpr std::size_t most_batches = 4;       // under way
constexpr std::size_t most_waiting = 50'000;  // some 100 MiB at the most
constexpr auto longest_delay = std::chrono::milliseconds(20);

Receipt receipt_of(const Answer& rows, int row, const Report& report) {
  Receipt receipt{.kind = Receipt::Kind::acknowledged};
  const bool taken = rows.text(row, taken_column) == "t";
  if (!taken) {
    if (rows.is_null(row, boot_column)) return {};  // another hub is taking its first report just now
    receipt.boot = rows.number(row, boot_column);
    if (receipt.boot > report.boot) receipt.kind = Receipt::Kind::behind;
  }
  receipt.send_state = !report.state && rows.text(row, has_state_column) != "t";
  if (!rows.is_null(row, who_column)) {
    receipt.asked_by = std::string(rows.text(row, who_column));
    receipt.asked_why = rows.text(row, why_column);
  }
  return receipt;
}

}  // namespace

Intake::Intake(Loop& loop, const Log& log, Connection& database, std::string city)
    : loop_(loop), log_(log), database_(database), city_(std::move(city)) {}

Intake::~Intake() {
  loop_.cancel(timer_);
}

void Intake::take(Report report, Then then) {
  queue_.push_back({std::move(report), std::move(then)});
  if (!is_open_ || !database_.is_connected() || queue_.size() > most_waiting) {
    loop_.post(
        [this, refused = std::make_shared<Waiting>(std::move(queue_.back()))] { finish(*refused, {}); });
    queue_.pop_back();
    return;
  }
  send_soon();
}

void Intake::send_soon() {
  if (batches_ >= most_batches || queue_.empty()) return;
  if (queue_.size() >= most_in_batch) {
    send();
  } else if (timer_ == 0) {
    timer_ = loop_.after(longest_delay, [this] {
      timer_ = 0;
      send();
    });
  }
}

void Intake::send() {
  while (!queue_.empty() && batches_ < most_batches) {
    const bool full = queue_.size() >= most_in_batch;
    ask(std::make_shared<Batch>(next_batch()));
    if (!full) break;
  }
  if (!queue_.empty()) send_soon();
}

/// At most one report a device; what follows of the same device waits for the next batch.
Intake::Batch Intake::next_batch() {
  Batch batch;
  std::deque<Waiting> later;
  std::unordered_set<std::string> devices;
  while (!queue_.empty() && batch.size() < most_in_batch) {
    auto& first = queue_.front();
    auto& to = devices.insert(first.report.device).second ? batch.emplace_back() : later.emplace_back();
    to = std::move(first);
    queue_.pop_front();
  }
  for (; !later.empty(); later.pop_back()) queue_.push_front(std::move(later.back()));
  return batch;
}

void Intake::ask(const std::shared_ptr<Batch>& batch) {
  std::vector<Report> reports;
  reports.reserve(batch->size());
  for (auto& waiting : *batch) reports.push_back(std::move(waiting.report));
  auto query = batch_of(city_, reports);
  for (std::size_t i = 0; i < reports.size(); ++i) (*batch)[i].report = std::move(reports[i]);
  under_way_ += batch->size();
  ++batches_;
  ++counts_.batches;
  database_.ask(std::move(query), [this, batch](const Answer& result) {
    under_way_ -= batch->size();
    --batches_;
    answer(batch, result);
    send_soon();
  });
}

void Intake::answer(const std::shared_ptr<Batch>& batch, const Answer& result) {
  const auto& failure = result.failure();
  if (!failure) {
    answer_each(*batch, result);
    return;
  }
  if (!failure->unavailable)
    log_.warning(fmt::format("a batch of reports failed: {} {}", failure->state, failure->message));
  if (failure->blames_values() && batch->size() > 1) {
    // One of them is to blame, and must not cost the others anything.
    for (auto& waiting : *batch) ask(std::make_shared<Batch>(1, std::move(waiting)));
    return;
  }
  const auto kind = failure->blames_values() ? Receipt::Kind::refused : Receipt::Kind::unavailable;
  for (auto& waiting : *batch) finish(waiting, {.kind = kind});
}

void Intake::answer_each(Batch& batch, const Answer& rows) {
  std::unordered_map<std::string_view, int> row_of;
  for (int row = 0; row < rows.rows(); ++row) row_of.emplace(rows.text(row, device_column), row);
  for (auto& waiting : batch) {
    const auto row = row_of.find(waiting.report.device);
    if (row == row_of.end()) {
      finish(waiting, {});
      continue;
    }
    if (rows.text(row->second, taken_column) != "t") ++counts_.repeated;
    finish(waiting, receipt_of(rows, row->second, waiting.report));
  }
}

void Intake::finish(Waiting& waiting, const Receipt& receipt) {
  switch (receipt.kind) {
    case Receipt::Kind::acknowledged:
      ++counts_.acknowledged;
      break;
    case Receipt::Kind::unavailable:
      ++counts_.unavailable;
      break;
    default:
      ++counts_.refused;
  }
  waiting.then(receipt);
}

}  // namespace greenwave::hub
