#pragma once

#include <string>

#include "drivers/kubernetes/resource.h"

namespace greenwave::drivers::kubernetes {

/// What the inventory remembers of an object on a server, as JSON in Entry::record.
struct Record {
  Resource resource;
  std::string namespace_;  ///< of the object; empty: it is in none
  std::string uid;         ///< empty: an apply began, but its result is unknown
  std::string version;     ///< resourceVersion after our last apply
  std::string fields;      ///< Seen::fields after it
  std::string manager;     ///< Owner::manager then; empty: an earlier version's
  bool may_go = true;  ///< pruning may delete it; namespaces and definitions only if their manifest says so
  std::string propagation;  ///< of its deletion: Foreground, Background, Orphan
  bool ends = false;        ///< a Job that the server removes some time after it is done

  bool operator==(const Record&) const = default;
};

std::string to_json(const Record& record);
/// An empty text is an empty record. Throws Error (damaged) for what to_json did not write.
Record record_from(const std::string& json);

}  // namespace greenwave::drivers::kubernetes
