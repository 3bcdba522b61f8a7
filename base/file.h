#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace lodge {

namespace fs = std::filesystem;

// All of these block: call them from the pool, or before the control loop runs.

// The whole of a regular file. resource_exhausted if it is longer than `limit` bytes.
Result<std::string> read_file(const fs::path& path, std::size_t limit = 16u << 20);

// Replaces `path` so that after a crash it has either the old or the new content: a temporary file beside it, fsync,
// rename, fsync of the folder.
Result<void> write_file(const fs::path& path, std::string_view content, mode_t mode = 0600);

// Makes the folder and its parents; an existing one is fine and keeps its mode.
Result<void> make_folder(const fs::path& path, mode_t mode = 0700);

// open(2) with O_CLOEXEC added.
Result<Fd> open_file(const fs::path& path, int flags, mode_t mode = 0600);

}  // namespace lodge
