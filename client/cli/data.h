#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/cli/command.h"
#include "client/cli/table.h"

// Output for programs: the API's messages as JSON or YAML, fields under the names of the .proto files.
namespace lodge::cli {

using Json = nlohmann::ordered_json;

Result<Json> json_of(const google::protobuf::Message& message);

template <class Messages>
Result<std::vector<Json>> jsons_of(const Messages& messages) {
  std::vector<Json> all;
  for (const auto& message : messages) {
    TRY_ASSIGN(Json one, json_of(message));
    all.push_back(std::move(one));
  }
  return all;
}

// A list of objects with the headers in lower case as keys: "Interface" becomes "interface". "-" stands for no value.
Json json_of(const Table& table);

// `form` is json or yaml. Ends with a newline.
std::string print_data(const Json& data, Form form);
// One line, for streams of many.
std::string print_line(const Json& data);

// What someone wrote, as JSON.
struct Data {
  std::string json;
  std::map<std::string, int> lines;  // of values by their paths, ".disks[0].target_dev"
};

// Of YAML every scalar becomes a string: what it is meant for decides what it is. Error: invalid_argument with the line for
// a bad document, for a key that is there twice, for more than one document, and for more than 200,000 values.
Result<Data> read_yaml(std::string_view text);
// The same for JSON, whose values stay what they are.
Result<Data> read_json(std::string_view text);

}  // namespace lodge::cli
