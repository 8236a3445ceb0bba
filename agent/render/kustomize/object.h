#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/kubernetes_kind.h"
#include "model/object_id.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// An object's name, namespace and kind before a step changed them: patches, replacements and references
/// may still use them.
struct Previous {
  std::string kind;
  std::string namespace_;  ///< as in id_of
  std::string name;
};

/// What a generator does if the object exists already.
enum class Behavior { unspecified, create, merge, replace };

/// An object during a build.
struct Object {
  yaml::Node document;
  std::vector<Previous> previous;     ///< the oldest first
  std::vector<std::string> prefixes;  ///< that its name got, the innermost first
  std::vector<std::string> suffixes;
  std::vector<std::string> variables;         ///< whose values are read from it
  Behavior behavior = Behavior::unspecified;  ///< of a generated one
  bool wants_hash = false;                    ///< its name is to end in a hash of its content
};

/// Whether objects of this kind are known to have no namespace.
bool is_cluster_wide(std::string_view group, std::string_view version, std::string_view kind);

/// The id by which a document is found. The namespace is "default" if it has none, and empty for kinds that
/// are known to be cluster-scoped.
ObjectId id_of(const yaml::Node& document);

/// The former ids of the object, the oldest first, then its current one.
std::vector<ObjectId> ids_of(const Object& object);

/// The first of `ids_of`.
ObjectId original_id(const Object& object);

/// Call before a change of the object's name, namespace or kind.
void remember_id(Object& object);

/// "v1" of "apps/v1".
std::string_view version_of(std::string_view api_version);

/// Kinds by group, version and kind; empty members match any.
struct KindFilter {
  std::string group;
  std::string version;
  std::string kind;
};

bool selects(const KindFilter& filter, std::string_view api_version, std::string_view kind);

/// The text at a member, "" when there is none.
std::string_view text_of(const yaml::Node& map, std::string_view key);
std::string_view name_of(const yaml::Node& document);

/// Makes `document.metadata.KEY` that text; an empty one removes the member.
void set_metadata(yaml::Node& document, std::string_view key, std::string_view text, const Place& place);

/// A scalar as it would be written without quotes; "" for maps, lists and null.
std::string scalar_text(const yaml::Node& node);

/// Whether a member is null because nothing is written behind its colon. Kustomize tells this from a null
/// that is written: its value begins where a plain key and the colon end.
bool is_blank(const yaml::Member& member);

/// Converts to strings the values of `metadata.KEY` (labels or annotations), null included ("null", and ""
/// for a blank): kustomize does so wherever it rewrites such a map.
void make_texts(yaml::Node& document, std::string_view key);

/// Makes `place` as secret as `from` and all that is in it: for a text that a part of it goes into.
void mark_like(Place& place, const yaml::Node& from);

/// "Deployment/cabinet/camera", for messages.
std::string described(const yaml::Node& document);

}  // namespace greenwave::render::kustomize
