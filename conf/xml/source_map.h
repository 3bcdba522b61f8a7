#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lodge::conf::xml {

class Tree;

// Where in a document things are said. Cheap to copy; an empty one (no document) answers 0. Any thread.
class SourceMap {
 public:
  SourceMap() = default;
  explicit SourceMap(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}

  // The 1-based line of the element or attribute at `path`: "/domain/devices/interface[2]/@type", where the number counts
  // siblings of that name from 1 and may be left out for the first. For what the document does not have, the line of the
  // nearest element around it that it has; 0 if not even the root fits.
  int line(std::string_view path) const;

  // The same path as all findings spell it: with a number where the document has several siblings of a name, and nowhere
  // else. What the document does not have stays as it is.
  std::string spelled(std::string_view path) const;

 private:
  std::shared_ptr<const Tree> tree_;
};

}  // namespace lodge::conf::xml
