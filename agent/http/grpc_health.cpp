#include "http/grpc_health.h"

#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "http/curl.h"

namespace greenwave::http {

namespace {

constexpr std::size_t most_answer = 64 * 1024;
constexpr std::size_t longest_service = 4096;
constexpr std::size_t frame_head = 5;            ///< a flag, and the length of what follows
constexpr unsigned field_one_text = 1 << 3 | 2;  ///< protobuf's tags
constexpr unsigned field_one_number = 1 << 3;
constexpr unsigned serving = 1;
constexpr unsigned more_bytes = 0x80;

struct HealthAnswer {
  std::string body;
  std::string status;   ///< the trailer grpc-status
  std::string message;  ///< grpc-message
};

std::size_t take_answer(char* bytes, std::size_t one, std::size_t size, void* answer) {
  auto& body = static_cast<HealthAnswer*>(answer)->body;
  if (body.size() + one * size > most_answer) return 0;
  body.append(bytes, one * size);
  return one * size;
}

/// Trailers come as headers do.
std::size_t take_trailer(char* bytes, std::size_t one, std::size_t size, void* taken) {
  auto& answer = *static_cast<HealthAnswer*>(taken);
  const std::string_view line(bytes, one * size);
  const auto colon = line.find(':');
  if (colon != line.npos) {
    const auto name = in_lower_case(line.substr(0, colon));
    if (name == "grpc-status") answer.status = trim(line.substr(colon + 1));
    if (name == "grpc-message") answer.message = trim(line.substr(colon + 1));
  }
  return one * size;
}

std::string varint(std::size_t number) {
  std::string bytes;
  for (; number >= more_bytes; number >>= 7U) bytes += static_cast<char>(number | more_bytes);
  return bytes + static_cast<char>(number);
}

std::string health_question(const std::string& service) {
  std::string message;
  if (!service.empty()) message = static_cast<char>(field_one_text) + varint(service.size()) + service;
  std::string frame(frame_head, '\0');
  for (std::size_t i = 0; i < 4; ++i) frame[frame_head - 1 - i] = static_cast<char>(message.size() >> 8 * i);
  return frame + message;
}

std::string_view health_in_words(unsigned status) {
  return status == 2 ? "NOT_SERVING" : status == 3 ? "SERVICE_UNKNOWN" : "UNKNOWN";
}

}  // namespace

std::optional<unsigned> grpc_status_in(std::string_view body) {
  if (body.size() < frame_head || body[0] != 0) return {};  // compressed, which was not asked for
  std::size_t length = 0;
  for (std::size_t i = 1; i < frame_head; ++i) length = length << 8U | static_cast<unsigned char>(body[i]);
  body.remove_prefix(frame_head);
  if (length != body.size()) return {};
  if (body.empty()) return 0;  // what is not written is 0
  if (static_cast<unsigned char>(body[0]) != field_one_number || body.size() < 2) return {};
  const auto status = static_cast<unsigned char>(body[1]);
  return (status & more_bytes) == 0 ? std::optional<unsigned>(status) : std::nullopt;
}

std::optional<std::string> grpc_failure(const std::string& address, const std::string& service,
                                        Duration timeout) {
  Easy request;
  Headers headers;
  for (const auto* header : {"Content-Type: application/grpc", "TE: trailers", "Expect:"})
    append(headers, header);
  const auto body = health_question(service.substr(0, longest_service));
  HealthAnswer answer;
  request.begin(fmt::format("http://{}/grpc.health.v1.Health/Check", address), "http",
                {.connect = timeout, .whole = timeout});
  request.set(CURLOPT_PROXY, "");  // the server is this device
  request.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
  request.set(CURLOPT_HTTPHEADER, headers.get());
  request.set(CURLOPT_POSTFIELDS, body.data());
  request.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  request.set(CURLOPT_WRITEFUNCTION, take_answer);
  request.set(CURLOPT_WRITEDATA, &answer);
  request.set(CURLOPT_HEADERFUNCTION, take_trailer);
  request.set(CURLOPT_HEADERDATA, &answer);
  const auto code = curl_easy_perform(request.get());
  if (code != CURLE_OK) throw Error(Fault::transient, request.reason(code));
  if (!answer.status.empty() && answer.status != "0") {
    return fmt::format("it answers with gRPC status {}{}{}", printable(answer.status.substr(0, 10)),
                       answer.message.empty() ? "" : ": ", in_one_line(answer.message, 200));
  }
  const auto status = grpc_status_in(answer.body);
  if (!status) return "it does not answer as a gRPC server";
  if (*status == serving) return {};
  return fmt::format("it says {}", health_in_words(*status));
}

}  // namespace greenwave::http
