#pragma once

#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/table.h"
#include "lodge/v1/operation.pb.h"

namespace lodge::cli {

Table operation_table(const std::vector<v1::Operation>& operations);
Facts operation_facts(const v1::Operation& operation);

// What its end means for whoever waited for it: as if they had made the call themselves.
ExitCode exit_code_of(const v1::Operation& operation);

}  // namespace lodge::cli
