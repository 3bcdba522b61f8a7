#include "conf/secret/reference.h"

namespace lodge::conf {

void check_secret_reference(const std::string& path, std::string_view uuid, std::string_view usage,
                            Findings& findings) {
  if (uuid.empty() && usage.empty()) findings.add(path, "says which secret: usage='web1', or its uuid");
  if (!uuid.empty() && !usage.empty()) findings.add(path, "uuid and usage exclude each other");
}

}  // namespace lodge::conf
