#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"

// Files that a project's documents name. All of it blocks.
//
// What is found here is not what the hypervisor opens: it opens the name again, later. That is safe because it does so as the project's own
// user, with that user's rights and no others: whoever swaps a file in between gets what that user could have opened anyway. What the check
// here adds is the policy's word on which folders a project may use at all. The daemon looks with that user's rights, too (base/as_user.h):
// so it tells nobody what the user could not have found out.
namespace lodge::access {

// permission_denied if the name is not plainly one below one of the folders. Looks at nothing.
Result<void> check_name(const std::vector<fs::path>& folders, const std::string& path);

// A regular file below one of the folders, reached without a symbolic link, a magic link of /proc or '..', and known by this one name.
// permission_denied says what is in the way; it is the same for all that is outside of the folders, whether it is there or not.
// not_found, inside, if nothing is there.
Result<Fd> find_file(const std::vector<fs::path>& folders, const std::string& path);

// The same, but it is enough that the folder for it is there: null then.
Result<std::optional<Fd>> find_output(const std::vector<fs::path>& folders, const std::string& path);

// How large the guest can make this disk: the size in a qcow2's header, else that of the file. `file` as find_file() gives it.
Result<std::uint64_t> disk_size(const Fd& file);

}  // namespace lodge::access
