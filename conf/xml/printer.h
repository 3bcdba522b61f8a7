#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lodge::conf::xml {

struct TreeNode;

// Writes XML as libvirt prints it. A start tag is written when something comes to stand in it; an element in which nothing
// did leaves no trace, unless it was asked for with keep().
class Printer {
 public:
  void open(std::string_view name);
  void keep();
  void close();
  // Of the innermost open element; before its text and children. Error: invalid_argument for what XML cannot say.
  Result<void> attribute(std::string_view name, std::string_view value);
  // Whether the innermost open element has one of this name so far.
  bool has_attribute(std::string_view name) const;
  Result<void> text(std::string_view text);
  // Well-formed content, printed anew at this depth.
  Result<void> raw(std::string_view xml);

  // Declares the namespace on the root, which is still being written or already closed.
  void declare_namespace(std::string_view prefix, std::string_view uri);

  // /domain/devices/disk: where it stands.
  std::string path() const;
  int depth() const { return static_cast<int>(open_.size()); }
  std::string take() && { return std::move(out_); }

 private:
  struct Open {
    std::string_view name;
    bool written = false;   // its start tag is in out_, perhaps without '>'
    bool children = false;  // elements stand in it, each on its own line
    std::size_t start = 0;  // where in out_ its start tag begins
  };

  void materialize();
  void end_start_tag();

  std::string out_;
  std::vector<Open> open_;
  bool in_start_tag_ = false;
  std::size_t root_attributes_end_ = 0;  // where a namespace may still be declared
};

// Appends `text` with what XML reserves written as entities. False for control characters, which XML cannot carry at all.
bool append_escaped_attribute(std::string& out, std::string_view value, char quote);
bool append_escaped_text(std::string& out, std::string_view text);

}  // namespace lodge::conf::xml
