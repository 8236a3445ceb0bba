#pragma once

#include <memory>

#include <curl/curl.h>

namespace greenwave::cli {

/// Owners of libcurl's handles.
template <auto Free>
struct CurlFreed {
  void operator()(auto* raw) const { Free(raw); }
};

using Curl = std::unique_ptr<CURL, CurlFreed<curl_easy_cleanup>>;
using CurlHeaders = std::unique_ptr<curl_slist, CurlFreed<curl_slist_free_all>>;
using CurlUrl = std::unique_ptr<CURLU, CurlFreed<curl_url_cleanup>>;
using CurlText = std::unique_ptr<char, CurlFreed<curl_free>>;

}  // namespace greenwave::cli
