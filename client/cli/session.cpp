#include "client/cli/session.h"

#include <cstdlib>

#include "client/cli/report.h"
#include "client/lib/remotes.h"

namespace lodge::cli {

namespace {

const char* environment(const char* name) { return std::getenv(name); }

}  // namespace

Session::Session(const Command& command, Args args, Globals globals, Streams streams)
    : command_(command),
      args_(std::move(args)),
      given_(globals.connect),
      globals_(std::move(globals)),
      streams_(streams) {
  if (globals_.time_limit) time_limit_ = Deadline::after(*globals_.time_limit);
}

std::string Session::doing() const {
  std::string out(command_.name);
  for (const Operand& operand : command_.operands)
    if (operand.count != Operand::many && !operand.secret)
      if (const std::string& value = args_.text(operand.name); !value.empty()) out += " " + value;
  return out;
}

Result<const client::Connection*> Session::daemon() {
  if (!connection_) {
    TRY(find_daemon());
    TRY_ASSIGN(connection_, client::Connection::open(globals_.uri, globals_.connect));
  }
  return &*connection_;
}

// Fills in what a remote, or the default one, stands for.
Result<void> Session::find_daemon() {
  if (!globals_.uri.empty()) return {};
  std::string name = globals_.remote;
  const auto folder = remotes();
  if (name.empty() && folder) {
    TRY_ASSIGN(name, client::default_remote(*folder));
  }
  if (name.empty()) {
    globals_.uri = client::kSystemUri;
    return {};
  }
  return use_remote(name, globals_.uri, globals_.connect);
}

Result<void> Session::use_remote(const std::string& name, std::string& uri, client::ConnectOptions& connect) const {
  TRY_ASSIGN(const fs::path folder, remotes());
  TRY_ASSIGN(const client::Remote remote, client::load_remote(folder, name));
  uri = remote.uri;
  if (connect.tls_server_name.empty()) connect.tls_server_name = remote.server_name;
  if (connect.tls.ca.empty()) connect.tls.ca = remote.tls.ca;
  if (connect.tls.certificate.empty()) connect.tls.certificate = remote.tls.certificate;
  if (connect.tls.key.empty()) connect.tls.key = remote.tls.key;
  return {};
}

Result<client::TlsFiles> Session::tls_files() {
  TRY(find_daemon());
  return client::find_tls_files(globals_.connect.tls, environment, client::tls_folders(environment));
}

Result<fs::path> Session::remotes() const { return client::remotes_folder(environment); }

Result<client::Connection> Session::connect(const std::string& where) const {
  client::ConnectOptions connect = given_;
  connect.tls_server_name.clear();  // that of the first daemon
  std::string uri = where;
  if (where.find("://") == std::string::npos) TRY(use_remote(where, uri, connect));
  return client::Connection::open(uri, connect);
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

ExitCode Session::wrong_usage(std::string message) {
  report(Error(Code::invalid_argument, std::move(message)), doing());
  return ExitCode::usage;
}

}  // namespace lodge::cli
