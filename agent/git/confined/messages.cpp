#include "git/confined/messages.h"

#include "git/pack_sink.h"

namespace greenwave::git::confined {

Failure failure_of(const Error& error) {
  const bool unusable = dynamic_cast<const Unusable*>(&error) != nullptr;
  return {error.fault(), error.message(), error.remedy(), unusable};
}

void raise(const Failure& failure) {
  if (failure.unusable) throw Unusable(failure.fault, failure.message, failure.remedy);
  throw Error(failure.fault, failure.message, failure.remedy);
}

}  // namespace greenwave::git::confined

namespace greenwave {

namespace {

constexpr std::size_t id_digits = 40;

}  // namespace

void write(sandbox::Writer& writer, const CommitId& commit) {
  writer.add(commit.text());
}

void read(sandbox::Reader& reader, CommitId& commit) {
  auto text = reader.one<std::string>();
  const bool is_id =
      text.size() == id_digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) throw sandbox::Malformed("a commit's name that is none");
  commit = CommitId(std::move(text));
}

}  // namespace greenwave
