#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "render/feature_extents.h"
#include "yaml/node.h"

namespace greenwave::render {

/// Reads a GeoJSON FeatureCollection one Feature at a time, so that a city of thousands of devices costs the
/// memory of one. Each Feature comes as a map whose nodes know their places. Throws Error (invalid) with
/// file, line and column when `text` is no JSON, or no FeatureCollection.
void each_feature(std::string_view text, const std::string& file,
                  const std::function<void(yaml::Node feature)>& visit);

/// Reads the one Feature that stands there. Throws as each_feature does.
void read_feature(const FeatureExtent& extent, const std::string& file,
                  const std::function<void(yaml::Node feature)>& visit);

}  // namespace greenwave::render
