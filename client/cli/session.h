#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "client/cli/command.h"
#include "client/lib/connection.h"

namespace lodge::cli {

// Where a command's words go.
struct Streams {
  std::ostream& out;
  std::ostream& err;
};

// What holds for every command, from the command line and the environment.
struct Globals {
  std::string uri;     // the address that was given; empty if none was
  std::string remote;  // the remote that was given instead
  client::ConnectOptions connect;
  std::optional<Form> form;                             // -o, if it was given
  std::optional<std::chrono::milliseconds> time_limit;  // --timeout, for the command as a whole
  bool quiet = false;
  std::string project;  // where guests are that are known by name; empty: the caller's own
};

// One run of one command: what it was given, where it speaks, and its line to the daemon.
class Session {
 public:
  Session(const Command& command, Args args, Globals globals, Streams streams);

  const Args& args() const { return args_; }
  Form form() const { return globals_.form.value_or(command_.forms.empty() ? Form::table : command_.forms.front()); }
  bool quiet() const { return globals_.quiet; }
  const std::string& project() const { return globals_.project; }

  // What is being done, for messages: "start web1".
  std::string doing() const;

  // The line to the daemon, opened when first asked for.
  Result<const client::Connection*> daemon();
  // One to another daemon: an address, or a remote by its name. It goes by the certificate that was given for this command, or the
  // remote's own.
  Result<client::Connection> connect(const std::string& where) const;

  // The certificate files that the line uses, or would use.
  Result<client::TlsFiles> tls_files();
  // Where this user's remotes are.
  Result<fs::path> remotes() const;

  // When the command must end: --timeout from its beginning, else `usual` from now. Streams and waits that have no usual
  // end take time_limit(), which is empty without --timeout.
  Deadline deadline(std::chrono::seconds usual = std::chrono::seconds(60)) const;
  std::optional<Deadline> time_limit() const { return time_limit_; }

  // What the command is for: always printed.
  void print(std::string_view text) { streams_.out << text; }
  // The same at once, for streams.
  void print_now(std::string_view text) { streams_.out << text << std::flush; }
  // "Domain 'web1' started": not with --quiet.
  template <class... Args>
  void say(std::string_view format, const Args&... args) {
    if (!quiet()) streams_.out << fmt::vformat(format, fmt::make_format_args(args...)) << '\n' << std::flush;
  }
  // A remark beside the output, on standard error: not with --quiet.
  void remark(std::string_view text);
  // An error, for commands that go on after one; others return it.
  ExitCode report(const Error& error, std::string_view doing);

  // The command line is wrong in a way that only the command itself can tell.
  ExitCode wrong_usage(std::string message);

  // The file whose content is about to be judged; mistakes found in it are told with its name.
  void set_document(std::string name) { document_ = std::move(name); }

 private:
  Result<void> find_daemon();
  // Fills in what it stands for, where nothing else was given.
  Result<void> use_remote(const std::string& name, std::string& uri, client::ConnectOptions& connect) const;

  const Command& command_;
  Args args_;
  client::ConnectOptions given_;  // on the command line and in the environment
  Globals globals_;
  Streams streams_;
  std::optional<Deadline> time_limit_;
  std::optional<client::Connection> connection_;
  std::string document_;
};

}  // namespace lodge::cli
