#pragma once

#include <stdlib.h>

#include "base/file.h"

namespace lodge::test {

// A folder for one test, removed with everything in it.
class Temporary {
 public:
  Temporary() {
    std::string name = (fs::temp_directory_path() / "lodge-drivers.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace lodge::test
