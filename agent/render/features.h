#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "render/feature_extents.h"
#include "yaml/node.h"

namespace greenwave::render {

/// Reads a GeoJSON FeatureCollection one Feature at a time, so that a city of thousands of devices needs the
/// memory of one. Each Feature is a map whose nodes have places. Throws Error (invalid) with file, line and
/// column when `text` is not JSON, or not a FeatureCollection.
void each_feature(std::string_view text, const std::string& file,
                  const std::function<void(yaml::Node feature)>& visit);

/// Reads the Feature at `extent`. Throws like each_feature.
void read_feature(const FeatureExtent& extent, const std::string& file,
                  const std::function<void(yaml::Node feature)>& visit);

}  // namespace greenwave::render
