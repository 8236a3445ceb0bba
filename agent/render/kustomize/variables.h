#pragma once

#include <map>
#include <string>
#include <vector>

#include "render/kustomize/configuration.h"
#include "render/kustomize/context.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// The variables of a build, by name. They are replaced at its end.
using Variables = std::map<std::string, Variable>;

/// The fields in which kustomize replaces $(NAME) by itself.
const std::vector<FieldSpec>& variable_fields();

/// Finds out which objects the variables are read from, and adds them.
void add_variables(const std::vector<Variable>& added, std::vector<Object>& objects, Variables& to,
                   Problems& problems);

/// Adds those of a base. A name that is there already is an error.
void add_variables(const Variables& added, Variables& to, Problems& problems);

/// Puts the values in the place of $(NAME). A text that is nothing else takes the type of the value.
void replace_variables(std::vector<Object>& objects, const Variables& variables,
                       const std::vector<FieldSpec>& fields, Context& context);

}  // namespace greenwave::render::kustomize
