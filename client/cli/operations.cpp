#include "client/cli/operations.h"

#include <fmt/format.h>

#include "client/cli/words.h"
#include "client/lib/error_info.h"

namespace lodge::cli {

Table operation_table(const std::vector<v1::Operation>& operations) {
  Table table({"Id", "Verb", "Domain", "State", "Step", "Caller"});
  for (const v1::Operation& operation : operations) {
    const bool shown = !operation.has_ended_at() && !operation.step().empty();
    table.add({operation.id(), operation.verb(), operation.domain_name(),
               std::string(operation_word(operation.state())), shown ? operation.step() : "-", operation.caller()});
  }
  return table;
}

Facts operation_facts(const v1::Operation& operation) {
  Facts facts;
  facts.add("Id", operation.id());
  facts.add("Verb", operation.verb());
  facts.add("Domain", fmt::format("{} ({})", operation.domain_name(), operation.domain()));
  facts.add("State", std::string(operation_word(operation.state())));
  if (!operation.step().empty()) facts.add("Step", operation.step());
  facts.add("Progress", fmt::format("{} %", operation.percent()));
  facts.add("Caller", operation.caller());
  facts.add("Started", time_text(operation.started_at()));
  if (operation.has_ended_at()) facts.add("Ended", time_text(operation.ended_at()));
  if (operation.has_error()) facts.add("Error", client::error_from_info(operation.error()).message());
  return facts;
}

ExitCode exit_code_of(const v1::Operation& operation) {
  if (operation.state() != v1::OPERATION_STATE_FAILED)
    return operation.state() == v1::OPERATION_STATE_CANCELLED ? ExitCode::error : ExitCode::ok;
  return exit_code(client::error_from_info(operation.error()).code());
}

}  // namespace lodge::cli
