#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Notes in an annotation which file the object came from. The path begins at the directory that is built.
void note_origin(Object& object, const std::string& path);

/// The same of a generated one: the kustomization, and the kind of generator.
void note_generator(Object& object, const std::string& kustomization, std::string_view kind);

/// Adds a step of that kustomization to the annotation of all objects.
void note_step(std::vector<Object>& objects, const std::string& kustomization, std::string_view kind,
               Context& context);

/// An object that a generator merges with another stays the other's.
void keep_origin(Object& fresh, const Object& old);

/// Takes the annotation that asks for a hash at the end of the name, and makes it what it means.
void take_hash_mark(Object& object);

/// Removes what nobody asked for, and what kustomize notes for itself, and adds the label of its own.
void finish_metadata(std::vector<Object>& objects, const BuildMetadata& wanted);

}  // namespace greenwave::render::kustomize
