#include "client/cli/parse.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>

#include "client/cli/commands.h"
#include "client/lib/address.h"
#include "conf/xml/text.h"

namespace lodge::cli {

namespace {

constexpr double kLargestNumber = 1e15;
constexpr double kLongestTime = 30 * 86400;  // seconds

// "DOMAIN" is also --domain.
std::string long_name(std::string_view operand) {
  std::string out = "--";
  for (const char c : operand) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string without_spaces(std::string_view names) {
  std::string out(names);
  std::erase(out, ' ');
  return out;
}

// The key of "-c, --connect" in Args: the long name.
std::string_view key_of(const Option& option) {
  const auto comma = option.name.find(", ");
  return comma == option.name.npos ? option.name : option.name.substr(comma + 2);
}

auto adding(Args& args, const std::string& key) {
  return [&args, key](const std::vector<std::string>& values) {
    for (const std::string& value : values) args.add(key, value);
  };
}

void add_option(CLI::App& app, const Option& option, Args& args) {
  const std::string key(key_of(option));
  if (option.value.empty())
    app.add_flag_callback(without_spaces(option.name), [&args, key] { args.add(key, ""); });
  else
    app.add_option_function<std::vector<std::string>>(without_spaces(option.name), adding(args, key))
        ->allow_extra_args(false);  // may be repeated, with one value each time
}

void add_operand(CLI::App& app, const Operand& operand, Args& args) {
  const std::string key(operand.name);
  const std::string names = key + "," + long_name(key);
  if (operand.count == Operand::many)
    app.add_option_function<std::vector<std::string>>(names, adding(args, key));
  else
    app.add_option_function<std::string>(names, [&args, key](const std::string& value) { args.add(key, value); });
}

Failure usage(std::string message) { return Failure(Error(Code::invalid_argument, std::move(message))); }

// For what no command knows: "; did you mean --paused?"
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string_view near = conf::xml::nearest(word, candidates);
  return near.empty() ? "" : fmt::format("; did you mean {}?", near);
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandGroup& group : commands())
    for (const Command& command : group.commands) names.emplace_back(command.name);
  return names;
}

Failure unexpected(const Command* command, const std::string& word) {
  if (!command && !word.starts_with('-'))
    return usage(fmt::format("there is no command '{}'{}", word, did_you_mean(word, command_names())));
  std::vector<std::string> options;
  for (const Option& option : global_options()) options.emplace_back(key_of(option));
  if (command)
    for (const Option& option : command->options) options.emplace_back(option.name);
  const std::string where = command ? fmt::format("{}: ", command->name) : "";
  if (word.starts_with('-'))
    return usage(fmt::format("{}there is no option {}{}", where, word, did_you_mean(word, options)));
  return usage(fmt::format("{}'{}' is one argument too many", where, word));
}

Result<double> parse_number(const std::string& name, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0))
    return usage(fmt::format("{} takes a number above 0, not '{}'", name, text));
  if (value > kLargestNumber)
    return usage(fmt::format("{} takes at most {:.0f}, not '{}'", name, kLargestNumber, text));
  return value;
}

Result<Form> parse_form(const Command& command, const std::string& text) {
  std::string allowed;
  for (const Form form : command.forms) {
    if (text == to_string(form)) return form;
    allowed += (allowed.empty() ? "" : ", ") + std::string(to_string(form));
  }
  if (allowed.empty()) return usage(fmt::format("{}: its output has one form only: leave -o out", command.name));
  return usage(fmt::format("{}: -o takes one of {}, not '{}'", command.name, allowed, text));
}

Result<void> check(const Command& command, const Args& args) {
  for (const Operand& operand : command.operands) {
    if (operand.count != Operand::optional && args.text(operand.name).empty())
      return usage(fmt::format("{}: {} is missing", command.name, operand.name));
    const std::string& given = args.text(operand.name);
    if (!operand.choices.empty() && std::ranges::find(operand.choices, given) == operand.choices.end())
      return usage(fmt::format("{}: '{}' is not one of {}", command.name, given, fmt::join(operand.choices, ", ")));
  }
  for (const Option& option : command.options)
    if (option.value == "N" && args.has(option.name))
      TRY(parse_number(std::string(option.name), args.text(option.name)));
  return {};
}

std::string first_of(const std::string& given, const char* variable, const Environment& env) {
  if (!given.empty()) return given;
  const char* value = env(variable);
  return value ? value : "";
}

Result<Globals> read_globals(const Args& args, const Command* command, const Environment& env) {
  Globals globals;
  globals.quiet = args.has("--quiet");
  globals.connect.tls = {
      .ca = args.text("--tls-ca"), .certificate = args.text("--tls-cert"), .key = args.text("--tls-key")};
  globals.connect.tls_server_name = first_of(args.text("--tls-server-name"), "LODGE_TLS_SERVER_NAME", env);
  if (args.has("--connect") && args.text("--connect").empty()) return usage("--connect needs an address");
  globals.project = first_of(args.text("--project"), "LODGE_PROJECT", env);
  if (args.has("--connect") && args.has("--remote"))
    return usage("--connect and --remote both say where the daemon is: give one of them");
  // What the command line says goes before any variable.
  if (!args.has("--remote")) globals.uri = first_of(args.text("--connect"), "LODGE_URI", env);
  if (globals.uri.empty()) globals.remote = first_of(args.text("--remote"), "LODGE_REMOTE", env);
  if (!globals.uri.empty()) TRY(client::parse_address(globals.uri));
  if (args.has("--timeout")) {
    TRY_ASSIGN(const double seconds, parse_number("--timeout", args.text("--timeout")));
    globals.time_limit = std::chrono::milliseconds(static_cast<long long>(std::min(seconds, kLongestTime) * 1000));
  }
  if (command && args.has("--output")) {
    TRY_ASSIGN(globals.form, parse_form(*command, args.text("--output")));
  }
  return globals;
}

}  // namespace

const std::vector<Option>& global_options() {
  static const std::vector<Option> kOptions = {
      {"-c, --connect", "URI", "the daemon: lodge+unix:///PATH/lodge.sock or lodge+tls://HOST:PORT"},
      {"--project", "NAME", "where guests are looked for by name, and defined; your own if left out"},
      {"-r, --remote", "NAME", "the daemon of a host that 'lodge remote add' has enrolled with"},
      {"-o, --output", "FORM", "table, json, yaml, xml or name, as the command offers"},
      {"--timeout", "SECONDS", "give up after so long"},
      {"-q, --quiet", "", "print only what was asked for, and errors"},
      {"--tls-ca", "FILE", "the authority that signed the daemon's certificate"},
      {"--tls-cert", "FILE", "our certificate"},
      {"--tls-key", "FILE", "its key"},
      {"--tls-server-name", "NAME", "the name in the daemon's certificate, if not the address's"},
      {"-h, --help", "", "help, also for one command"},
      {"--version", "", "the version of this program"},
  };
  return kOptions;
}

Result<Invocation> parse(std::span<const std::string> words, const Environment& env) {
  Invocation invocation;
  Args globals;

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.require_subcommand(0, 1);
  for (const Option& option : global_options()) add_option(app, option, globals);
  for (const CommandGroup& group : commands())
    for (const Command& command : group.commands) {
      CLI::App* sub = app.add_subcommand(std::string(command.name));
      sub->set_help_flag();
      sub->fallthrough();
      for (const Option& option : command.options) add_option(*sub, option, invocation.args);
      for (const Operand& operand : command.operands) add_operand(*sub, operand, invocation.args);
      sub->preparse_callback([&invocation, &command](std::size_t) { invocation.command = &command; });
    }

  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string said = e.what();  // "--host: 1 required TEXT missing"
    if (!said.ends_with("missing")) return usage(said);
    return usage(fmt::format("{} needs a value", said.substr(0, said.find(':'))));
  } catch (const CLI::ParseError& e) {
    return usage(e.what());
  }
  invocation.help = globals.has("--help");
  invocation.version = globals.has("--version");
  if (invocation.help || invocation.version) return invocation;
  // "--" ends the options, and is no word itself.
  for (const std::string& extra : app.remaining(true))
    if (extra != "--") return unexpected(invocation.command, extra);
  if (invocation.command) TRY(check(*invocation.command, invocation.args));
  TRY_ASSIGN(invocation.globals, read_globals(globals, invocation.command, env));
  return invocation;
}

}  // namespace lodge::cli
