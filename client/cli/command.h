#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/cli/exit_code.h"

namespace lodge::cli {

class Session;

// What a command prints on standard output: -o table|json|yaml|xml|name.
enum class Form { table, json, yaml, xml, name };
std::string_view to_string(Form form);

// `--name`, with a value if `value` names one.
struct Option {
  std::string_view name;   // "--devname"
  std::string_view value;  // "NAME" as help shows it; "N" and "SECONDS" take only numbers; empty for a switch
  std::string_view help;
};

// What follows the command's name, in order. Also accepted as --name VALUE, the way virsh takes it.
struct Operand {
  std::string_view name;  // "DOMAIN"; "FILE" and "DOMAIN" are completed by the shell
  enum Count { one, optional, many } count = one;
  std::vector<std::string_view> choices = {};  // if it can only be one of these
  bool secret = false;                         // to be left out of messages
};

// One command of `lodge`. Everything that help, completion and parsing need to know stands here, and nowhere else.
struct Command {
  std::string_view name;
  std::string_view summary;
  std::vector<Operand> operands;
  std::vector<Option> options;
  std::vector<Form> forms;  // of which the first is the default; none for a command that prints nothing to be formatted
  Result<ExitCode> (*run)(Session&);
};

struct CommandGroup {
  std::string_view title;
  std::vector<Command> commands;
};

// What the user gave a command, by the names in its Command: "--paused", "DOMAIN".
class Args {
 public:
  void add(std::string_view name, std::string value) { values_[std::string(name)].push_back(std::move(value)); }

  bool has(std::string_view name) const { return values_.contains(name); }
  // Empty if absent.
  const std::vector<std::string>& all(std::string_view name) const;
  // The last one given, as usual; empty if absent.
  const std::string& text(std::string_view name) const;
  // Absent: `fallback`. Parsing has made sure that it is a number from 0.
  double number(std::string_view name, double fallback) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace lodge::cli
