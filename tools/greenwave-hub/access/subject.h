#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::hub {

/// A part of a certificate's subject: {"CN", "sf-0042"}.
struct NamePart {
  std::string type;
  std::string value;
};

/// Reads a distinguished name as OpenSSL and nginx write it (RFC 2253): "CN=sf-0042,OU=device,O=fresno", with
/// backslashes before special characters and for bytes in hexadecimal. Empty for what is not of that form, or
/// has parts of several values. Pure.
std::vector<NamePart> read_subject(std::string_view text);

/// The value of the only part of that type; empty where there is none, or more than one.
std::string only(const std::vector<NamePart>& subject, std::string_view type);

}  // namespace greenwave::hub
