#include "state/codec.h"

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace greenwave::state {

namespace {

void put(std::string& bytes, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
}

void put_text(std::string& bytes, std::string_view text) {
  put(bytes, text.size(), 4);
  bytes += text;
}

class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      throw Error(Fault::damaged, "an entry in the state file is truncated",
                  "the file is set aside and created again; what is on the device is then adopted again");
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::uint64_t number(int width) {
    std::uint64_t value = 0;
    const auto bytes = take(static_cast<std::size_t>(width));
    for (int i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }

  std::string text() { return std::string(take(number(4))); }

 private:
  std::string_view rest_;
};

}  // namespace

std::string encode(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const auto& text : texts) put_text(bytes, text);
  return bytes;
}

std::vector<std::string> decode_texts(std::string_view bytes) {
  std::vector<std::string> texts;
  for (RecordReader reader(bytes); !reader.at_end();) texts.push_back(reader.text());
  return texts;
}

std::string encode(const ObjectId& id) {
  return encode(std::vector<std::string>{id.api_version, id.kind, id.namespace_, id.name});
}

ObjectId decode_id(std::string_view bytes) {
  RecordReader reader(bytes);
  ObjectId id;
  for (auto* part : {&id.api_version, &id.kind, &id.namespace_, &id.name}) *part = reader.text();
  return id;
}

std::string encode(const std::vector<FileSignature>& files) {
  std::string bytes;
  for (const auto& file : files) {
    put_text(bytes, file.path);
    put(bytes, file.device, 8);
    put(bytes, file.inode, 8);
    put(bytes, file.size, 8);
    put(bytes, static_cast<std::uint64_t>(file.modified_ns), 8);
    put(bytes, static_cast<std::uint64_t>(file.changed_ns), 8);
    for (const auto byte : file.content.bytes) bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::vector<FileSignature> decode_files(std::string_view bytes) {
  std::vector<FileSignature> files;
  for (RecordReader reader(bytes); !reader.at_end();) {
    auto& file = files.emplace_back();
    file.path = reader.text();
    file.device = reader.number(8);
    file.inode = reader.number(8);
    file.size = reader.number(8);
    file.modified_ns = static_cast<std::int64_t>(reader.number(8));
    file.changed_ns = static_cast<std::int64_t>(reader.number(8));
    const auto content = reader.take(file.content.bytes.size());
    std::memcpy(file.content.bytes.data(), content.data(), content.size());
  }
  files.shrink_to_fit();
  return files;
}

std::string_view encode(const Digest& digest) {
  if (digest.is_zero()) return {};
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Digest decode_digest(std::string_view bytes) {
  Digest digest;
  if (bytes.empty()) return digest;
  RecordReader reader(bytes);
  std::memcpy(digest.bytes.data(), reader.take(digest.bytes.size()).data(), digest.bytes.size());
  return digest;
}

}  // namespace greenwave::state
