#pragma once

#include <optional>

#include "drivers/qemu/emulator.h"

namespace lodge::drivers::qemu {

// What was learned about this program, if it is still the same one. Anything unreadable counts as not known. Blocks.
std::optional<Emulator> load_emulator(const fs::path& cache_dir, const ProgramIdentity& identity);

// Keeps it. An empty folder name keeps nothing. Blocks.
Result<void> save_emulator(const fs::path& cache_dir, const Emulator& emulator);

}  // namespace lodge::drivers::qemu
