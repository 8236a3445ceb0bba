#include "drivers/kubernetes/listings.h"

#include <vector>

#include <fmt/format.h>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/refusal.h"
#include "http/encoded.h"

namespace greenwave::drivers::kubernetes {

namespace {

/// The server returns longer lists in parts.
constexpr int page = 5000;
constexpr std::size_t largest_list = 64 << 20;
constexpr std::size_t most_objects = 200'000;

}  // namespace

Listings::Key Listings::key_of(const Target& target, bool one_namespace) const {
  return {collection_path(target.resource, ""), one_namespace ? target.namespace_ : ""};
}

const Listings::List* Listings::list_of(const Target& target) const {
  if (server_.user_in(target.namespace_).empty()) {
    const auto all = lists_.find(key_of(target, false));
    if (all != lists_.end() && (!all->second.forbidden || target.namespace_.empty())) return &all->second;
    if (all == lists_.end()) return nullptr;
  }
  const auto one = lists_.find(key_of(target, true));
  return one == lists_.end() ? nullptr : &one->second;
}

void Listings::look(std::span<const Target> targets) {
  // The second round lists single namespaces, for kinds that may not be listed as a whole.
  for (int round = 0; round < 2; ++round) {
    std::map<Key, List> wanted;
    for (const auto& target : targets) {
      if (list_of(target) != nullptr) continue;
      const bool one_namespace = round > 0 || !server_.user_in(target.namespace_).empty();
      const auto key = key_of(target, one_namespace);
      wanted.try_emplace(key, List{target.resource, key.second});
    }
    if (wanted.empty()) return;
    std::vector<List> lists;
    for (auto& [key, list] : wanted) lists.push_back(std::move(list));
    fill(lists);
    auto list = lists.begin();
    for (const auto& [key, moved] : wanted) lists_.insert_or_assign(key, std::move(*list++));
  }
}

void Listings::fill(std::span<List> lists) {
  std::vector<List*> open;
  for (auto& list : lists) open.push_back(&list);
  while (!open.empty()) {
    std::vector<Call> calls;
    for (const auto* list : open) {
      Call call;
      call.path =
          fmt::format("{}?labelSelector={}&limit={}{}", collection_path(list->resource, list->namespace_),
                      http::encoded(server_.owner.label), page,
                      list->next.empty() ? "" : "&continue=" + http::encoded(list->next));
      call.accept = metadata_list_only;
      call.user = server_.user_in(list->namespace_);
      call.most_bytes = largest_list;
      calls.push_back(std::move(call));
    }
    auto answers = server_.send_all(calls, looking_patience);
    std::vector<List*> more;
    for (std::size_t i = 0; i < open.size(); ++i) {
      auto& list = *open[i];
      list.next.clear();
      take(list, std::move(answers[i]));
      if (!list.next.empty() && list.objects.size() < most_objects) more.push_back(&list);
    }
    open = std::move(more);
  }
}

void Listings::take(List& list, http::Answer answer) {
  if (answer.failure) {
    list.failure = std::move(answer.failure);
    return;
  }
  const auto& response = answer.response;
  if (response.status == 404) return;  // the kind is gone, and its objects with it
  if (!response.success()) {
    list.forbidden = response.status == 403 && list.namespace_.empty();
    const std::string nothing;
    list.failure = Error(Fault::invalid,
                         fmt::format("{} cannot be listed: {}", list.resource.plural,
                                     explain(response, {"list", list.resource, list.namespace_, nothing})));
    return;
  }
  try {
    const auto rest = parse_list(response.body, [&](const nlohmann::json& object) {
      list.objects.insert_or_assign(
          {text_at(object, {"metadata", "namespace"}), text_at(object, {"metadata", "name"})},
          read_seen(object, server_.owner, server_.digest_key));
    });
    list.next = text_at(rest, {"metadata", "continue"});
  } catch (const Error& error) {
    list.failure = error;
  }
}

const Seen* Listings::find(const Target& target) const {
  const auto* list = list_of(target);
  if (list == nullptr)
    throw Error(Fault::internal, fmt::format("{} were not listed", target.resource.plural));
  if (list->failure) throw *list->failure;
  const auto found = list->objects.find({target.namespace_, target.name});
  return found == list->objects.end() ? nullptr : &found->second;
}

const Seen* Listings::known(const Target& target) const {
  const auto* list = list_of(target);
  return list == nullptr || list->failure ? nullptr : find(target);
}

}  // namespace greenwave::drivers::kubernetes
