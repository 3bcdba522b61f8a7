#include "client/cli/session.h"

#include "client/cli/report.h"

namespace lodge::cli {

Session::Session(const Command& command, Args args, Globals globals, Streams streams)
    : command_(command), args_(std::move(args)), globals_(std::move(globals)), streams_(streams) {
  if (globals_.time_limit) time_limit_ = Deadline::after(*globals_.time_limit);
}

std::string Session::doing() const {
  std::string out(command_.name);
  for (const Operand& operand : command_.operands)
    if (operand.count != Operand::many)
      if (const std::string& value = args_.text(operand.name); !value.empty()) out += " " + value;
  return out;
}

Result<const client::Connection*> Session::daemon() {
  if (!connection_) {
    TRY_ASSIGN(connection_, client::Connection::open(globals_.uri, globals_.connect));
  }
  return &*connection_;
}

Deadline Session::deadline(std::chrono::seconds usual) const {
  return time_limit_ ? *time_limit_ : Deadline::after(usual);
}

void Session::remark(std::string_view text) {
  if (!quiet()) streams_.err << "lodge: " << text << '\n';
}

ExitCode Session::report(const Error& error, std::string_view doing) {
  streams_.out << std::flush;
  streams_.err << render_error(error, doing, document_) << std::flush;
  return exit_code(error.code());
}

}  // namespace lodge::cli
