#include "git/confined/unpacked.h"

#include <cstring>
#include <filesystem>
#include <vector>

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

#include "base/error.h"
#include "git/confined/messages.h"
#include "git/library.h"

namespace greenwave::git::confined {

namespace {

namespace fs = std::filesystem;

/// Of objects, in the working directory.
constexpr const char* packs = "pack";
constexpr std::size_t bytes_in_batch = 128 * 1024;

Error unusable(const char* what) {
  return failure(Fault::transient, what, "the next sync fetches it again");
}

}  // namespace

/// Objects of the agent's store, one by one.
struct Unpacked::Bases : git_odb_backend {
  sandbox::Channel* channel = nullptr;
  std::set<git_oid, OidLess>* sent = nullptr;

  Bases(sandbox::Channel& to, std::set<git_oid, OidLess>& noted)
      : git_odb_backend{}, channel(&to), sent(&noted) {
    git_odb_init_backend(this, GIT_ODB_BACKEND_VERSION);
    this->read = &Bases::read_one;
    this->foreach = [](git_odb_backend*, git_odb_foreach_cb, void*) { return 0; };
    this->free = [](git_odb_backend* self) { delete static_cast<Bases*>(self); };
  }

  static int read_one(void** content, std::size_t* size, git_object_t* type, git_odb_backend* backend,
                      const git_oid* oid) {
    auto& self = *static_cast<Bases*>(backend);
    try {
      return self.ask(content, size, type, *oid);
    } catch (const std::exception&) {
      return GIT_ERROR;  // the agent has gone
    }
  }

  int ask(void** content, std::size_t* size, git_object_t* type, const git_oid& oid) {
    sandbox::Writer wanted;
    wanted.all(Say::base, to_hex(oid));
    channel->send(wanted.bytes());
    const auto base = sandbox::from_bytes<Base>(channel->receive());
    if (!base.is_there) return GIT_ENOTFOUND;
    *content = git_odb_backend_data_alloc(this, base.content.size());
    if (*content == nullptr) return GIT_ERROR;
    std::memcpy(*content, base.content.data(), base.content.size());
    *size = base.content.size();
    *type = static_cast<git_object_t>(base.type);
    sent->insert(oid);
    return 0;
  }
};

Unpacked::Unpacked(sandbox::Channel& channel, const std::atomic<bool>& stop, const FetchLimits& limits,
                   const Fetched& so_far, FetchProgress* progress)
    : channel_(channel),
      landing_{.packs = nullptr,
               .objects = *this,
               .stop = stop,
               .limits = limits,
               .progress = progress,
               .fetched = so_far} {
  std::error_code error;
  fs::remove_all(packs, error);
  fs::create_directory(packs, error);
  if (git_odb_new(Out(odb_)) < 0) throw unusable("unpack what was sent");
  git_odb_backend* files = nullptr;
  if (git_odb_backend_pack(&files, ".") < 0 || git_odb_add_backend(odb_.get(), files, 2) < 0 ||
      git_odb_add_backend(odb_.get(), new Bases(channel_, bases_), 1) < 0) {
    throw unusable("unpack what was sent");
  }
  landing_.packs = odb_.get();
}

Unpacked::~Unpacked() {
  odb_.reset();
  std::error_code error;
  fs::remove_all(packs, error);
}

void Unpacked::hand_over() {
  std::vector<git_oid> oids;
  const auto collect = [](const git_oid* oid, void* list) {
    static_cast<std::vector<git_oid>*>(list)->push_back(*oid);
    return 0;
  };
  if (git_odb_foreach(odb_.get(), collect, &oids) < 0) throw unusable("list what was sent");
  std::erase_if(oids, [this](const git_oid& oid) { return bases_.contains(oid); });
  leave_out_large(odb_.get(), oids);
  if (oids.empty()) return;
  expect(static_cast<std::uint32_t>(oids.size()));
  for (const auto& oid : oids) {
    OdbObject object;
    if (git_odb_read(Out(object), odb_.get(), &oid) < 0) throw unusable("read what was sent");
    add(git_odb_object_type(object.get()),
        {static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get())});
  }
  finish();
}

void Unpacked::expect(std::uint32_t objects) {
  sandbox::Writer said;
  said.all(Say::expect, objects);
  channel_.send(said.bytes());
}

void Unpacked::add(git_object_t type, std::string_view content) {
  if (content.size() >= bytes_in_batch) {
    finish();
    sandbox::Writer said;  // alone, and copied once: it may be a good part of the memory that there is
    said.all(Say::objects, std::uint32_t{1}, static_cast<std::int32_t>(type), content);
    return channel_.send(said.bytes());
  }
  batch_.add(static_cast<std::int32_t>(type));
  batch_.add(content);
  ++in_batch_;
  if (batch_.bytes().size() >= bytes_in_batch) send();
}

void Unpacked::finish() {
  if (in_batch_ > 0) send();
}

void Unpacked::send() {
  sandbox::Writer said;
  said.all(Say::objects, std::exchange(in_batch_, 0));
  channel_.send(said.take().append(batch_.bytes()));
  batch_ = {};
}

}  // namespace greenwave::git::confined
