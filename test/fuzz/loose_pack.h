#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <zlib.h>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace greenwave::fuzz {

using Random = std::minstd_rand;

/// `text` after one of libFuzzer's mutations, and at most a little longer.
inline std::string mutated(std::string text, std::size_t most_more = 64) {
  const auto size = text.size();
  text.resize(size + most_more);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

/// For LLVMFuzzerCustomMutator: gives back `bytes`, or what fits of them.
inline std::size_t hand_back(std::string_view bytes, std::uint8_t* data, std::size_t most) {
  const auto size = std::min(bytes.size(), most);
  std::copy_n(bytes.data(), size, data);
  return size;
}

/// An object that was changed has another name; in the order of the changes.
using Renamings = std::vector<std::pair<std::string, std::string>>;

inline std::string sha1(std::string_view bytes) {
  std::string digest(20, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha1(),
             nullptr);
  return digest;
}

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

inline void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// A pack as its entries (gitformat-pack(5)). However they are changed, write() gives them right lengths,
/// offsets and sums, so that a mutation is not refused for these alone. Reads as much of a pack as can be
/// read.
class LoosePack {
 public:
  enum Type { none, commit, tree, blob, tag, reserved, offset_delta, name_delta };

  struct Entry {
    int serial = 0;  ///< its own number, whatever its place
    int type = blob;
    int base = -1;          ///< of an offset_delta: a serial
    std::string base_name;  ///< of a name_delta: 20 bytes
    std::string content;    ///< unpacked
    std::int64_t lie = 0;   ///< what its header says more than it has
    std::string name;       ///< its object's, as far as it can be told
  };

  explicit LoosePack(std::string_view bytes) {
    if (bytes.size() < 12) return;
    std::uint32_t count = 0;
    for (int i = 8; i < 12; ++i)
      count = count << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    std::vector<std::pair<std::size_t, int>> starts;
    for (std::size_t at = 12; entries_.size() < most_entries && read_entry(bytes, at, starts);) {
    }
    lie_ = std::int64_t{count} - static_cast<std::int64_t>(entries_.size());
    if (lie_ < -2 || lie_ > 2) lie_ = 0;
    for (auto& entry : entries_) entry.name = name_of(entry);
  }

  bool empty() const { return entries_.empty(); }

  std::string write() const {
    std::string bytes = "PACK" + number(2) +
                        number(static_cast<std::uint32_t>(static_cast<std::int64_t>(entries_.size()) + lie_));
    std::vector<std::pair<int, std::size_t>> starts;
    for (const auto& entry : entries_) {
      const auto start = bytes.size();
      bytes += header(entry);
      if (entry.type == offset_delta) bytes += offset(start - start_of(starts, entry.base));
      if (entry.type == name_delta) bytes += entry.base_name;
      bytes += deflated(entry.content);
      starts.emplace_back(entry.serial, start);
    }
    return bytes + sha1(bytes);
  }

  /// Changes something, and mostly also the names by which other objects refer to what was changed.
  Renamings mutate(Random& random) {
    if (entries_.empty()) return {};
    const auto any = [&]() -> Entry& { return entries_[random() % entries_.size()]; };
    auto& entry = any();
    switch (random() % 16) {
      case 0: {
        auto twin = entry;
        twin.serial = next_serial_++;
        entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(random() % (entries_.size() + 1)),
                        twin);
        break;
      }
      case 1:
        if (entries_.size() > 1) entries_.erase(entries_.begin() + (&entry - entries_.data()));
        break;
      case 2:
        std::swap(entry, any());
        break;
      case 3:
        std::swap(entry.content, any().content);
        break;
      case 4:
        entry.type = static_cast<int>(random() % 8);
        break;
      case 5:
        entry.base = any().serial;
        entry.base_name = any().name;
        break;
      case 6:
        entry.lie = static_cast<std::int64_t>(random() % 64) - 32;
        break;
      case 7:
        lie_ = static_cast<std::int64_t>(random() % 5) - 2;
        break;
      case 8:
      case 9: {
        const auto& base = any();
        entry.content = delta(base.content.size(), random);
        entry.base = base.serial;
        entry.base_name = base.name;
        entry.type = random() % 2 == 0 ? offset_delta : name_delta;
        break;
      }
      default:
        entry.content = mutated(std::move(entry.content));
        break;
    }
    if (random() % 8 == 0) return {};
    return rename();
  }

  /// Takes some of the other's entries.
  void mix(const LoosePack& other, Random& random) {
    for (auto entry : other.entries_) {
      if (random() % 2 == 0) continue;
      entry.serial += next_serial_;
      entry.base += next_serial_;
      entries_.push_back(std::move(entry));
    }
  }

  /// The commits, in hexadecimal.
  std::vector<std::string> commits() const {
    std::vector<std::string> names;
    for (const auto& entry : entries_) {
      if (entry.type == commit) names.push_back(hex(entry.name));
    }
    return names;
  }

 private:
  static constexpr std::size_t most_entries = 200;
  static constexpr std::size_t most_content = 1 << 18;
  static constexpr std::int64_t most_lie = 1000;  // libgit2 refuses gigabytes only since a security update

  bool read_entry(std::string_view bytes, std::size_t& at, std::vector<std::pair<std::size_t, int>>& starts) {
    const auto start = at;
    Entry entry;
    entry.serial = next_serial_;
    std::uint64_t declared = 0;
    int shift = 4;
    const auto byte = [&]() -> unsigned {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at++]) : 0;
    };
    auto next = byte();
    entry.type = static_cast<int>(next >> 4 & 7);
    declared = next & 15;
    for (; (next & 0x80) != 0 && shift < 60; shift += 7) {
      next = byte();
      declared |= std::uint64_t{next & 0x7f} << shift;
    }
    if (entry.type == offset_delta) {
      next = byte();
      std::size_t distance = next & 0x7f;
      while ((next & 0x80) != 0 && distance < bytes.size()) {
        next = byte();
        distance = ((distance + 1) << 7) | (next & 0x7f);
      }
      for (const auto& [place, serial] : starts) {
        if (place + distance == start) entry.base = serial;
      }
    }
    if (entry.type == name_delta) {
      if (bytes.size() < at + 20) return false;
      entry.base_name = bytes.substr(at, 20);
      at += 20;
    }
    auto content = inflated(bytes, at);
    if (!content) return false;
    entry.content = std::move(*content);
    entry.lie = static_cast<std::int64_t>(declared) - static_cast<std::int64_t>(entry.content.size());
    if (std::abs(entry.lie) > most_lie) entry.lie = 0;
    starts.emplace_back(start, next_serial_++);
    entries_.push_back(std::move(entry));
    return true;
  }

  static std::optional<std::string> inflated(std::string_view bytes, std::size_t& at) {
    z_stream stream{};
    if (at >= bytes.size() || inflateInit(&stream) != Z_OK) return {};
    std::string content(most_content, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + at));
    stream.avail_in = static_cast<uInt>(bytes.size() - at);
    stream.next_out = reinterpret_cast<Bytef*>(content.data());
    stream.avail_out = static_cast<uInt>(content.size());
    const int code = inflate(&stream, Z_FINISH);
    at = bytes.size() - stream.avail_in;
    content.resize(stream.total_out);
    inflateEnd(&stream);
    if (code != Z_STREAM_END) return {};
    return content;
  }

  static std::string deflated(const std::string& content) {
    auto size = ::compressBound(content.size());
    std::string packed(size, '\0');
    ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                reinterpret_cast<const Bytef*>(content.data()), content.size(), Z_BEST_SPEED);
    packed.resize(size);
    return packed;
  }

  static std::string number(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
  }

  static std::string header(const Entry& entry) {
    auto size = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, static_cast<std::int64_t>(entry.content.size()) + entry.lie));
    std::string bytes;
    auto byte = static_cast<unsigned>(entry.type) << 4 | static_cast<unsigned>(size & 15);
    for (size >>= 4; size != 0; size >>= 7) {
      bytes += static_cast<char>(byte | 0x80);
      byte = static_cast<unsigned>(size & 0x7f);
    }
    return bytes + static_cast<char>(byte);
  }

  static std::string offset(std::size_t distance) {
    std::string bytes(1, static_cast<char>(distance & 0x7f));
    while ((distance >>= 7) != 0) {
      --distance;
      bytes.insert(bytes.begin(), static_cast<char>(0x80 | (distance & 0x7f)));
    }
    return bytes;
  }

  static std::size_t start_of(const std::vector<std::pair<int, std::size_t>>& starts, int serial) {
    for (const auto& [known, start] : starts) {
      if (known == serial) return start;
    }
    return 0;
  }

  static std::string varint(std::size_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7f));
    return bytes + static_cast<char>(value);
  }

  /// Copies of parts of a base of that size, and text of its own.
  static std::string delta(std::size_t size, Random& random) {
    std::string orders;
    std::size_t result = 0;
    for (auto left = 1 + random() % 4; left > 0; --left) {
      if (size > 0 && random() % 3 != 0) {
        const auto from = random() % size;
        const auto count = std::min<std::size_t>(size - from, 0xffff);
        orders += static_cast<char>(0x80 | 0x0f | 0x30);
        for (int shift = 0; shift < 32; shift += 8) orders += static_cast<char>(from >> shift & 0xff);
        orders += static_cast<char>(count & 0xff);
        orders += static_cast<char>(count >> 8);
        result += count;
      } else {
        orders += "\x04more";
        result += 4;
      }
    }
    return varint(size) + varint(result) + orders;
  }

  const Entry* find(const Entry& entry) const {
    for (const auto& other : entries_) {
      if (entry.type == offset_delta ? other.serial == entry.base : other.name == entry.base_name)
        return &other;
    }
    return nullptr;
  }

  /// The object that an entry unpacks to, and its type; nothing when that cannot be told.
  std::optional<std::pair<int, std::string>> object_of(const Entry& entry, int depth = 0) const {
    if (entry.type < offset_delta) return std::pair(entry.type, entry.content);
    const auto* base = find(entry);
    if (base == nullptr || base == &entry || depth > 8) return {};
    auto whole = object_of(*base, depth + 1);
    if (!whole) return {};
    auto result = applied(whole->second, entry.content);
    if (!result) return {};
    return std::pair(whole->first, std::move(*result));
  }

  static std::optional<std::string> applied(const std::string& base, std::string_view orders) {
    const auto byte = [&]() -> std::size_t {
      if (orders.empty()) return 0;
      const auto value = static_cast<unsigned char>(orders.front());
      orders.remove_prefix(1);
      return value;
    };
    for (int i = 0; i < 2; ++i) {
      while ((byte() & 0x80) != 0) {
      }
    }
    std::string result;
    while (!orders.empty()) {
      const auto order = byte();
      if ((order & 0x80) != 0) {
        std::size_t from = 0;
        std::size_t count = 0;
        for (unsigned i = 0; i < 4; ++i) from |= (order >> i & 1) != 0 ? byte() << 8 * i : 0;
        for (unsigned i = 0; i < 3; ++i) count |= (order >> (4 + i) & 1) != 0 ? byte() << 8 * i : 0;
        if (count == 0) count = 0x10000;
        if (from > base.size() || count > base.size() - from) return {};
        result.append(base, from, count);
      } else {
        if (order > orders.size()) return {};
        result += orders.substr(0, order);
        orders.remove_prefix(order);
      }
      if (result.size() > most_content) return {};
    }
    return result;
  }

  std::string name_of(const Entry& entry) const {
    constexpr std::string_view words[] = {"", "commit", "tree", "blob", "tag", "", "", ""};
    const auto object = object_of(entry);
    if (!object) return {};
    auto text = std::string(words[object->first]) + " " + std::to_string(object->second.size());
    text += '\0';
    return sha1(text + object->second);
  }

  Renamings rename() {
    Renamings renamings;
    for (int round = 0; round < 4; ++round) {
      bool renamed = false;
      for (auto& entry : entries_) {
        auto name = name_of(entry);
        if (name.empty() || name == entry.name) continue;
        if (!entry.name.empty()) {
          refer(entry.name, name);
          renamings.emplace_back(hex(entry.name), hex(name));
        }
        entry.name = std::move(name);
        renamed = true;
      }
      if (!renamed) break;
    }
    return renamings;
  }

  void refer(const std::string& from, const std::string& to) {
    for (auto& entry : entries_) {
      if (entry.base_name == from) entry.base_name = to;
      if (entry.type == blob) continue;
      replace_all(entry.content, from, to);
      replace_all(entry.content, hex(from), hex(to));
    }
  }

  std::vector<Entry> entries_;
  std::int64_t lie_ = 0;  ///< how many more entries the header promises
  int next_serial_ = 0;
};

}  // namespace greenwave::fuzz
