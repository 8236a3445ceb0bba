#include "git/pack_files.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/fd.h"

namespace greenwave::git {

namespace {

namespace fs = std::filesystem;

Fd open_for_sync(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw system_error("sync", path.native());
  return fd;
}

void sync(const Fd& fd, const fs::path& path) {
  if (::fsync(fd.get()) != 0) throw system_error("sync", path.native());
}

void sync(const fs::path& path) {
  sync(open_for_sync(path), path);
}

void move_into_place(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw system_error("rename into place", to.native());
}

void drop(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("remove", path.native());
}

std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    files.push_back(each->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    errno = error.value();
    throw system_error("list", directory.native());
  }
  return files;
}

std::vector<std::string> other_packs(const fs::path& objects, const ObjectFiles& known) {
  auto packs = list_object_files(objects).packs;
  std::erase_if(packs, [&](const std::string& name) { return contains(known.packs, name); });
  return packs;
}

bool is_fanout(const fs::path& directory) {
  const auto name = directory.filename().native();
  return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

ObjectFiles list_object_files(const fs::path& objects) {
  ObjectFiles found;
  for (const auto& file : files_in(objects / "pack")) {
    if (file.extension() == ".idx") found.packs.push_back(file.stem().native());
  }
  for (const auto& directory : files_in(objects)) {
    if (!is_fanout(directory)) continue;
    const auto files = files_in(directory);
    found.loose.insert(found.loose.end(), files.begin(), files.end());
  }
  return found;
}

void remove_headless_packs(const fs::path& objects) {
  for (const auto& file : files_in(objects / "pack")) {
    if (file.extension() != ".pack") continue;
    auto index = file;
    if (!fs::exists(index.replace_extension(".idx"))) drop(file);
  }
}

std::string install_pack(const fs::path& from, const fs::path& objects) {
  const auto files = files_in(from);
  const auto pack = std::find_if(files.begin(), files.end(),
                                 [](const fs::path& file) { return file.extension() == ".pack"; });
  if (pack == files.end()) throw Error(Fault::internal, "no pack was written to " + from.native());
  auto index = *pack;
  index.replace_extension(".idx");
  sync(*pack);
  sync(index);
  const auto directory = objects / "pack";
  move_into_place(*pack, directory / pack->filename());
  move_into_place(index, directory / index.filename());
  sync(directory);
  return pack->stem().native();
}

void sync_other_packs(const fs::path& objects, const ObjectFiles& known) {
  std::vector<std::pair<fs::path, Fd>> files;
  for (const auto& name : other_packs(objects, known)) {
    for (const auto* extension : {".pack", ".idx"}) {
      auto path = objects / "pack" / (name + extension);
      auto fd = open_for_sync(path);
      // All are on their way before the first is waited for: then one commit of the journal has them.
      ::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
      files.emplace_back(std::move(path), std::move(fd));
    }
  }
  if (files.empty()) return;
  for (const auto& [path, fd] : files) sync(fd, path);
  sync(objects / "pack");
}

void remove_other_packs(const fs::path& objects, const ObjectFiles& known) {
  remove_object_files(objects, {.packs = other_packs(objects, known), .loose = {}}, {});
}

void remove_object_files(const fs::path& objects, const ObjectFiles& files, const std::string& but) {
  const auto directory = objects / "pack";
  for (const auto& name : files.packs) {
    if (name != but) drop(directory / (name + ".idx"));
  }
  for (const auto& file : files_in(directory)) {
    const auto name = file.stem().native();
    if (name != but && contains(files.packs, name)) {
      drop(file);
    }
  }
  for (const auto& file : files.loose) {
    drop(file);
    ::rmdir(file.parent_path().c_str());  // fails while it has other files
  }
}

}  // namespace greenwave::git
