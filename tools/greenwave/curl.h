#pragma once

#include <memory>

#include <curl/curl.h>

#include "base/handle.h"

namespace greenwave::cli {

/// Owners of libcurl's handles.
using Curl = std::unique_ptr<CURL, Freed<curl_easy_cleanup>>;
using CurlHeaders = std::unique_ptr<curl_slist, Freed<curl_slist_free_all>>;
using CurlUrl = std::unique_ptr<CURLU, Freed<curl_url_cleanup>>;
using CurlText = std::unique_ptr<char, Freed<curl_free>>;

}  // namespace greenwave::cli
