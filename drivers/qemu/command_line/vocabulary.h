#pragma once

#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

// Refuses whatever a definition says that nothing here makes something of, with its place. The other checks say more about
// what they know; this one makes sure that no word of the vocabulary is passed over in silence because it is new.
void check_vocabulary(Refusals& refusals, const v1::DomainSpec& spec);

}  // namespace lodge::drivers::qemu
