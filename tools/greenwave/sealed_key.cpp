#include "sealed_key.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_key_bytes = 64 * 1024;

/// In memory, for a program that reads or writes it as a file.
Fd make_file() {
  Fd file(::memfd_create("key", MFD_CLOEXEC));
  if (!file) throw system_error("make", "a key");
  return file;
}

void rewind(const Fd& file) {
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw system_error("read", "a key");
}

CommandResult run_systemd_creds(std::vector<std::string> words, int input) {
  Command command;
  command.argv = {"systemd-creds", fmt::format("--name={}", sealed_key_name)};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.input = input;
  return run(command);
}

[[noreturn]] void fail(const char* what, const std::filesystem::path& file, std::string_view output,
                       const char* remedy) {
  throw Error(
      Fault::invalid,
      fmt::format("systemd-creds cannot {} {}: {}", what, file.native(), in_one_line(trim(output), 300)),
      remedy);
}

}  // namespace

void seal_key(const std::filesystem::path& file, const std::string& key) {
  const auto input = make_file();
  write_all(input.get(), key, "a key");
  rewind(input);
  make_directories(file.parent_path());
  const auto result = run_systemd_creds({"encrypt", "-", file.native()}, input.get());
  if (result.status != 0 || result.timed_out)
    fail("seal", file, result.output, "leave out --seal: the key is then a file that only root may read");
  replace_file(file, read_file(file, most_key_bytes), 0600);  // so that no power cut takes it
}

std::string unseal_key(const std::filesystem::path& file) {
  const auto sealed = make_file();
  write_all(sealed.get(), read_file(file, most_key_bytes), "a key");
  rewind(sealed);
  const auto result = run_systemd_creds({"decrypt", "-", "-"}, sealed.get());
  // What it warns of comes before the key.
  const auto begin = result.output.find("-----BEGIN ");
  if (result.status != 0 || result.timed_out || begin == std::string::npos) {
    fail("unseal", file, begin == std::string::npos ? result.output : "it did not end well",
         "it was sealed on another machine, or the TPM was reset: remove it, and enroll again");
  }
  return result.output.substr(begin);
}

}  // namespace greenwave::cli
