#pragma once

#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"

namespace lodge::store {

// Keeps a second daemon off the same state folder, for as long as the process lives: the kernel lets go of the lock with it,
// however it ends. busy names the process that holds it.
Result<Fd> lock_folder(const fs::path& folder);

}  // namespace lodge::store
