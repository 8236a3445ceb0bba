#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/agent.h"
#include "model/object_id.h"

namespace greenwave::test {

/// An agent that answers what the test says and remembers what it was asked. A test that asks through another
/// process, which ends before it goes on, calls meet() before and after: neither a person nor a tool can see
/// from here that the server's threads do not touch the rest meanwhile.
class FakeAgent : public daemon::Agent {
 public:
  mutable std::mutex mutex;
  daemon::Status current;  ///< with its fetch
  std::vector<state::SyncRecord> records;
  std::vector<nlohmann::json> lines;               ///< of evidence
  nlohmann::json known = nlohmann::json::array();  ///< of objects()
  std::function<nlohmann::json()> on_diff = [] { return nlohmann::json{{"changes", {}}}; };
  std::vector<sync::Event> events;  ///< each run begins with them
  std::vector<std::shared_ptr<daemon::Run>> runs;
  std::vector<sync::Request> requests;
  std::vector<std::string> resumed;

  void meet() const { const std::lock_guard lock(mutex); }

  daemon::Status status() const override {
    const std::lock_guard lock(mutex);
    return current;
  }
  std::optional<git::Fetching> fetching() const override { return status().fetch; }
  std::vector<state::SyncRecord> history(std::size_t most) const override {
    const std::lock_guard lock(mutex);
    return {records.begin(), records.begin() + static_cast<std::ptrdiff_t>(std::min(most, records.size()))};
  }
  std::vector<nlohmann::json> evidence(std::int64_t above, std::size_t most) const override {
    const std::lock_guard lock(mutex);
    std::vector<nlohmann::json> found;
    for (const auto& line : lines) {
      if (line.at("number") > above && found.size() < most) found.push_back(line);
    }
    return found;
  }
  nlohmann::json objects(const std::string& text) const override {
    const std::lock_guard lock(mutex);
    auto found = nlohmann::json::array();
    for (const auto& object : known) {
      if (text.empty() || object["object"] == text) found.push_back(object);
    }
    return found;
  }
  std::shared_ptr<daemon::Run> request_sync(const sync::Request& request) override {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    runs.push_back(std::make_shared<daemon::Run>());
    for (const auto& event : events) runs.back()->add(event);
    return runs.back();
  }
  nlohmann::json diff() override {
    std::unique_lock lock(mutex);
    const auto make = on_diff;
    lock.unlock();
    return make();
  }
  void pause(Duration duration, const std::string& who, const std::string& reason) override {
    const std::lock_guard lock(mutex);
    current.pause = state::Pause{SystemClock().now() + duration, who, reason};
  }
  void resume(const std::string& who) override {
    const std::lock_guard lock(mutex);
    current.pause.reset();
    resumed.push_back(who);
  }
};

}  // namespace greenwave::test
