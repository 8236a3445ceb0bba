#include "wire/response.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "http/preference.h"

namespace greenwave::sim {

namespace {

constexpr std::size_t longest_head = std::size_t{64} * 1024;

Error not_http(std::string_view what) {
  return Error(Fault::transient, "the server's response is not HTTP's: " + printable(what.substr(0, 80)));
}

std::size_t number_of(std::string_view text, int base) {
  std::size_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop == text.data()) throw not_http(text);
  return number;
}

}  // namespace

void ResponseReader::take(std::string_view bytes) {
  has_begun_ = has_begun_ || !bytes.empty();
  while (!bytes.empty() && part_ != Part::done) {
    switch (part_) {
      case Part::head:
      case Part::chunk_size:
      case Part::chunk_end:
      case Part::trailer:
        if (!take_line(bytes)) return;
        break;
      case Part::body:
      case Part::chunk:
        bytes.remove_prefix(take_body(bytes.substr(0, left_)));
        if (left_ == 0) part_ = part_ == Part::body ? Part::done : Part::chunk_end;
        break;
      case Part::to_the_end:
        bytes.remove_prefix(take_body(bytes));
        break;
      case Part::done:
        break;
    }
  }
}

bool ResponseReader::take_end() {
  if (part_ != Part::to_the_end) return false;
  part_ = Part::done;
  response_.keeps_connection = false;
  return true;
}

/// False when it is not whole yet.
bool ResponseReader::take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  head_ += std::min(bytes.size(), end);
  if (head_ > longest_head) throw not_http("its head is too long");
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(end + 1);
  auto line = std::move(line_);
  line_.clear();
  if (line.ends_with('\r')) line.pop_back();
  switch (part_) {
    case Part::head:
      take_head_line(line);
      break;
    case Part::chunk_size:
      left_ = number_of(line, 16);
      part_ = left_ > 0 ? Part::chunk : Part::trailer;
      break;
    case Part::chunk_end:
      part_ = Part::chunk_size;
      break;
    default:
      if (line.empty()) part_ = Part::done;
      break;
  }
  return true;
}

void ResponseReader::take_head_line(std::string_view line) {
  if (response_.status == 0) {
    if (!line.starts_with("HTTP/1.1 ") || line.size() < 12) throw not_http(line);
    response_.status = static_cast<int>(number_of(line.substr(9, 3), 10));
    return;
  }
  if (line.empty()) return end_of_head();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) throw not_http(line);
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  const auto is = [name](std::string_view other) { return same_but_for_case(name, other); };
  if (is("content-length")) length_ = number_of(value, 10);
  if (is("transfer-encoding")) is_chunked_ = same_but_for_case(value, "chunked");
  if (is("connection")) response_.keeps_connection = !same_but_for_case(value, "close");
  if (is("etag")) response_.etag = value;
  if (is("vary")) response_.varies_by_preference |= http::varies_by_preference(value);
  if (is("preference-applied")) response_.applied_wait = http::wait_of(value);
  if (is("retry-after")) response_.retry_after = std::chrono::seconds(number_of(value, 10));
}

void ResponseReader::end_of_head() {
  if (response_.status == 304 || response_.status == 204) {
    part_ = Part::done;
  } else if (is_chunked_) {
    part_ = Part::chunk_size;
  } else if (length_) {
    left_ = *length_;
    part_ = left_ > 0 ? Part::body : Part::done;
  } else {
    part_ = Part::to_the_end;
  }
}

/// Returns how many.
std::size_t ResponseReader::take_body(std::string_view bytes) {
  const auto room = kept_ - std::min(kept_, response_.body.size());
  response_.body += bytes.substr(0, room);
  left_ -= std::min(left_, bytes.size());
  return bytes.size();
}

}  // namespace greenwave::sim
