#include "git/confined/messages.h"

#include "git/pack_sink.h"

namespace greenwave::git {

namespace {

using sandbox::Reader;
using sandbox::Writer;

constexpr std::size_t id_digits = 40;

CommitId to_commit(std::string text) {
  const bool is_id =
      text.size() == id_digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) throw sandbox::Malformed("a commit's name that is none");
  return CommitId(std::move(text));
}

std::vector<std::string> texts_of(const std::vector<CommitId>& commits) {
  std::vector<std::string> texts;
  for (const auto& commit : commits) texts.push_back(commit.text());
  return texts;
}

std::vector<CommitId> read_commits(Reader& reader) {
  std::vector<CommitId> commits;
  for (auto& text : reader.one<std::vector<std::string>>()) commits.push_back(to_commit(std::move(text)));
  return commits;
}

}  // namespace

void write(Writer& writer, const Login& login) {
  writer.all(login.username, login.password, login.ssh_key, login.known_hosts, login.authorities,
             login.client_certificate, login.client_key, login.ssh_key_file);
}

void read(Reader& reader, Login& login) {
  reader.all(login.username, login.password, login.ssh_key, login.known_hosts, login.authorities,
             login.client_certificate, login.client_key, login.ssh_key_file);
}

void write(Writer& writer, const FetchRequest& request) {
  writer.all(request.wants, texts_of(request.haves), texts_of(request.shallow), request.depth, request.bare);
}

void read(Reader& reader, FetchRequest& request) {
  reader.get(request.wants);
  request.haves = read_commits(reader);
  request.shallow = read_commits(reader);
  reader.all(request.depth, request.bare);
}

void write(Writer& writer, const FetchLimits& limits) {
  const auto& work = limits.work;
  writer.all(limits.bytes, limits.objects, work.memory, work.unpacked, work.cpu.count());
}

void read(Reader& reader, FetchLimits& limits) {
  auto& work = limits.work;
  reader.all(limits.bytes, limits.objects, work.memory, work.unpacked);
  work.cpu = Duration(reader.one<Duration::rep>());
}

void write(Writer& writer, const Fetched& fetched) {
  writer.all(fetched.bytes, fetched.objects, fetched.spent.unpacked, fetched.spent.cpu.count());
}

void read(Reader& reader, Fetched& fetched) {
  reader.all(fetched.bytes, fetched.objects, fetched.spent.unpacked);
  fetched.spent.cpu = std::chrono::nanoseconds(reader.one<std::chrono::nanoseconds::rep>());
}

void write(Writer& writer, const Tip& tip) {
  writer.all(tip.commit.text(), tip.ref);
}

void read(Reader& reader, Tip& tip) {
  tip.commit = to_commit(reader.one<std::string>());
  reader.get(tip.ref);
}

void write(Writer& writer, const BundleHeader& header) {
  writer.add(texts_of(header.prerequisites));
  writer.add(static_cast<std::uint32_t>(header.refs.size()));
  for (const auto& [name, commit] : header.refs) writer.all(name, commit.text());
  writer.all(header.made_for, static_cast<std::uint64_t>(header.size));
}

void read(Reader& reader, BundleHeader& header) {
  header.prerequisites = read_commits(reader);
  for (auto left = reader.count(); left > 0; --left) {
    auto name = reader.one<std::string>();
    header.refs.emplace_back(std::move(name), to_commit(reader.one<std::string>()));
  }
  reader.get(header.made_for);
  header.size = reader.one<std::uint64_t>();
}

}  // namespace greenwave::git

namespace greenwave::git::confined {

using sandbox::Reader;
using sandbox::Writer;

namespace {

Fault to_fault(std::uint8_t number) {
  if (number > static_cast<std::uint8_t>(Fault::internal))
    throw sandbox::Malformed("a fault that there is not");
  return static_cast<Fault>(number);
}

}  // namespace

Failure failure_of(const Error& error) {
  const bool unusable = dynamic_cast<const Unusable*>(&error) != nullptr;
  return {error.fault(), error.message(), error.remedy(), unusable};
}

void raise(const Failure& failure) {
  if (failure.unusable) throw Unusable(failure.fault, failure.message, failure.remedy);
  throw Error(failure.fault, failure.message, failure.remedy);
}

void write(Writer& writer, const Begin& begin) {
  writer.all(begin.address, begin.bundle);
}

void read(Reader& reader, Begin& begin) {
  reader.all(begin.address, begin.bundle);
}

void write(Writer& writer, const Poll& poll) {
  writer.all(poll.login, poll.refs);
}

void read(Reader& reader, Poll& poll) {
  reader.all(poll.login, poll.refs);
}

void write(Writer& writer, const Fetch& fetch) {
  writer.all(fetch.login, fetch.request, fetch.limits, fetch.so_far);
}

void read(Reader& reader, Fetch& fetch) {
  reader.all(fetch.login, fetch.request, fetch.limits, fetch.so_far);
}

void write(Writer& writer, const Progress& progress) {
  writer.all(progress.bytes, progress.objects, progress.announced);
}

void read(Reader& reader, Progress& progress) {
  reader.all(progress.bytes, progress.objects, progress.announced);
}

void write(Writer& writer, const Base& base) {
  writer.all(base.is_there, base.type, base.content);
}

void read(Reader& reader, Base& base) {
  reader.all(base.is_there, base.type, base.content);
}

void write(Writer& writer, const Failure& failure) {
  writer.all(static_cast<std::uint8_t>(failure.fault), failure.message, failure.remedy, failure.unusable);
}

void read(Reader& reader, Failure& failure) {
  failure.fault = to_fault(reader.one<std::uint8_t>());
  reader.all(failure.message, failure.remedy, failure.unusable);
}

void write(Writer& writer, const Counters& counters) {
  writer.all(counters.bytes_received, counters.retry_after.count());
}

void read(Reader& reader, Counters& counters) {
  reader.get(counters.bytes_received);
  counters.retry_after = Duration(reader.one<Duration::rep>());
}

}  // namespace greenwave::git::confined
