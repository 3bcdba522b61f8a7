#pragma once

#include <string>

#include "netdev/firewall/firewall.h"

namespace lodge::netdev {

// The table as nft(8) reads it: one transaction. invalid_argument for a device whose name nft cannot quote.
Result<std::string> script_of(const NewTable& table);

}  // namespace lodge::netdev
