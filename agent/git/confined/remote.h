#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/confined/messages.h"
#include "git/confined/quarantine.h"
#include "git/endpoints.h"
#include "sandbox/child.h"

namespace greenwave::git::confined {

/// A process of this program.
std::unique_ptr<sandbox::Peer> start_fetcher(sandbox::Channel::Patience patience, int directory);

/// What the agent's side of a fetcher works with. `stop` outlives it.
struct RemoteParts {
  std::filesystem::path quarantine;
  const std::atomic<bool>& stop;
  /// Is told what confinement this machine lacks, in words; may be empty.
  std::function<void(const std::vector<std::string>&)> lacks{};
  /// Is told which of several places is followed; may be empty.
  std::function<void(const std::string&)> told{};
  /// Longer than a fetcher waits for a server.
  Duration silence = std::chrono::seconds(100);
  /// Starts it in a directory.
  std::function<std::unique_ptr<sandbox::Peer>(sandbox::Channel::Patience, int)> start = start_fetcher;
};

/// A fetcher that is asked, one question at a time: it is started with the first one. It gets connections to
/// the endpoints that are listed, and the bases of deltas; everything else that it asks for ends it. One
/// thread.
class Remote {
 public:
  Remote(RemoteParts parts, Begin begin, std::vector<Endpoint> endpoints, int bundle = -1);

  /// The answer; objects go to `landing`, which answers for bases too. Throws Error: its failure, or
  /// transient when it ends, hangs, or says what it may not.
  template <typename Answer>
  Answer ask(Ask what, std::string_view question, Landing* landing = nullptr);

  /// The same for a question whose answer may take as long as it likes. Once the descriptor `end` can be
  /// read, the fetcher is told to answer now.
  template <typename Answer>
  Answer wait(Ask what, std::string_view question, int end) {
    end_ = end;
    return ask<Answer>(what, question);
  }

  void show_in(FetchProgress* progress) { progress_ = progress; }
  Counters counters() const;
  bool is_running() const { return child_ != nullptr && !child_->has_ended(); }
  /// Ends it, and removes what it has left.
  void end();

 private:
  void start();
  std::string converse(const std::string& message, Landing* landing);
  /// Up to the answer.
  std::string listen(Landing* landing);
  /// Until the fetcher says something; see wait().
  void await();
  void connect(sandbox::Reader& reader);
  void give_base(sandbox::Reader& reader, Landing* landing);
  void show(sandbox::Reader& reader);
  Error lost(const Error& error);

  RemoteParts parts_;
  Begin begin_;
  std::vector<Endpoint> endpoints_;
  int bundle_;
  Quarantine quarantine_;
  FetchProgress* progress_ = nullptr;
  Counters counters_;
  std::uint64_t received_before_ = 0;  ///< by fetchers that have ended
  int end_ = -1;                       ///< of what is waited for; -1: nothing is
  bool is_idle_ = false;               ///< it has answered
  std::unique_ptr<sandbox::Peer> child_;
};

template <typename Answer>
Answer Remote::ask(Ask what, std::string_view question, Landing* landing) {
  sandbox::Writer writer;
  writer.add(what);
  const auto answer = converse(writer.take().append(question), landing);
  try {
    return sandbox::from_bytes<Answer>(answer);
  } catch (const sandbox::Malformed& error) {
    throw lost(error);
  }
}

}  // namespace greenwave::git::confined
