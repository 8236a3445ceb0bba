// A whole conversation with a git server, from the greeting to the files. The input is what the server sends,
// as records: a letter (see Kind), three bytes of length, and the bytes.

#include <array>
#include <atomic>

#include "fuzz/loose_pack.h"
#include "fuzz/scratch_store.h"
#include "git/pack_sink.h"
#include "git/pkt_line.h"
#include "git/server_transport.h"
#include "support/local_upload_pack.h"

using namespace greenwave;

namespace {

const std::atomic<bool> never{false};

enum Kind : char {
  line = 'l',       ///< a packet
  flush = 'f',      ///< these have no bytes
  delimiter = 'd',  ///<
  end = 'e',        ///< of an answer
  pack = 'p',       ///< in packets of the first side band
  bytes = 'b',      ///< as they are
  tip = 't',        ///< what a file says about the ref, before the conversation
  connection = 'c'  ///< one for all requests, as over SSH
};
constexpr std::array kinds{line, flush, delimiter, end, pack, bytes, tip, connection};

struct Record {
  char kind = line;
  std::string text;
};

std::vector<Record> records_in(std::string_view input) {
  std::vector<Record> records;
  while (input.size() >= 4 && records.size() < 100) {
    std::size_t size = 0;
    for (std::size_t i = 1; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(input[i]);
    records.push_back({input[0], std::string(input.substr(4, size))});
    input.remove_prefix(std::min(input.size(), 4 + size));
  }
  return records;
}

std::string written(const std::vector<Record>& records) {
  std::string input;
  for (const auto& [kind, text] : records) {
    input += kind;
    for (int shift = 16; shift >= 0; shift -= 8) input += static_cast<char>(text.size() >> shift & 0xff);
    input += text;
  }
  return input;
}

std::string in_side_band(std::string_view text) {
  constexpr std::size_t piece = 8000;
  std::string packets;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    packets += git::packet("\x01" + std::string(text.substr(0, piece)));
  }
  return packets;
}

/// Answers each request with what comes next, whatever is asked.
class Script : public git::UploadPack {
 public:
  explicit Script(const std::vector<Record>& records) {
    std::string answer;
    for (const auto& [kind, text] : records) {
      switch (kind) {
        case line:
          answer += git::packet(text.substr(0, 65'516));
          break;
        case flush:
          answer.append(git::flush_packet);
          break;
        case delimiter:
          answer.append(git::delimiter_packet);
          break;
        case end:
          answers_.push_back(std::move(answer));
          answer.clear();
          break;
        case pack:
          answer += in_side_band(text);
          break;
        case bytes:
          answer += text;
          break;
        case tip:
          tip_ = text;
          break;
        case connection:
          stateless_ = false;
          break;
      }
    }
    answers_.push_back(std::move(answer));
  }

  git::ByteStream& greet() override { return next(); }
  git::ByteStream& ask(std::string_view) override { return next(); }
  bool stateless() const override { return stateless_; }
  std::optional<CommitId> quick_tip(const std::string&) override {
    if (tip_.empty()) return {};
    return CommitId(tip_);
  }
  void leave() override {}
  std::uint64_t bytes_received() const override { return 0; }

 private:
  git::ByteStream& next() {
    stream_.emplace(at_ < answers_.size() ? answers_[at_++] : "", 1000);
    return *stream_;
  }

  std::vector<std::string> answers_;
  std::size_t at_ = 0;
  std::string tip_;
  bool stateless_ = true;
  std::optional<test::MemoryStream> stream_;
};

/// What a refused fetch brought is gone; after a good one all is there.
void fetch(git::ServerTransport& transport, fuzz::ScratchStore& scratch, const CommitId& commit) {
  const auto before = scratch.packs();
  try {
    transport.fetch(commit, scratch.store(), [](const SourceTree& tree) { fuzz::read_tree(tree); });
  } catch (const git::Unusable&) {
    if (scratch.packs() != before) std::abort();
    throw;
  }
  if (!scratch.store().has(commit)) std::abort();
  scratch.store().keep("applied", commit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto records = records_in({reinterpret_cast<const char*>(data), size});
  fuzz::ScratchStore scratch;
  git::ServerTransport transport(std::make_unique<Script>(records), "refs/heads/main", "", never,
                                 fuzz::limits);
  for (int polls = 0; polls < 3; ++polls) {
    try {
      fetch(transport, scratch, transport.poll());
    } catch (const Error&) {
    }
  }
  fuzz::read_objects(scratch.store());
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  fuzz::Random random(seed);
  auto records = records_in({reinterpret_cast<const char*>(data), size});
  if (records.empty() || random() % 32 == 0) return LLVMFuzzerMutate(data, size, most);
  const auto any = [&] { return static_cast<std::ptrdiff_t>(random() % records.size()); };
  for (auto left = 1 + random() % 3; left > 0 && !records.empty(); --left) {
    const auto chosen = records.begin() + any();
    switch (random() % 12) {
      case 0:
        records.insert(records.begin() + any(), *chosen);
        break;
      case 1:
        records.erase(chosen);
        break;
      case 2:
        std::swap(*chosen, records[static_cast<std::size_t>(any())]);
        break;
      case 3:
        chosen->kind = kinds[random() % kinds.size()];
        break;
      case 4:
        records.insert(chosen, Record{kinds[random() % kinds.size()], {}});
        break;
      default: {
        if (chosen->kind != pack) {
          chosen->text = fuzz::mutated(std::move(chosen->text));
          break;
        }
        fuzz::LoosePack loose(chosen->text);
        const auto renamings = loose.mutate(random);
        chosen->text = loose.write();
        for (auto& record : records) {
          if (record.kind == pack) continue;
          for (const auto& [from, to] : renamings) fuzz::replace_all(record.text, from, to);
        }
        break;
      }
    }
  }
  return fuzz::hand_back(written(records), data, most);
}
