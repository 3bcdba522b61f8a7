#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::conf::xml {

class Tree;
struct TreeNode;

// XML of any vocabulary, as it stands inside an element: metadata. It is never printed as it came, always from its tree,
// so that nothing can close the element around it.
class RawContent {
 public:
  // Error: invalid_argument if it is not well-formed, or uses namespaces that it does not declare.
  static Result<RawContent> parse(std::string_view xml);
  // The content of an element. Borrows its nodes.
  static RawContent of(const TreeNode& element) { return RawContent({}, element); }

  bool empty() const;
  // Whether text that matters stands beside elements; then white space is kept as it is.
  bool is_mixed() const;
  // Every node on its own line, the outermost `depth` levels deep.
  void print_lines(std::string& out, std::size_t depth) const;
  // Without layout.
  void print_inline(std::string& out) const;

 private:
  RawContent(std::shared_ptr<const Tree> tree, const TreeNode& parent) : tree_(std::move(tree)), parent_(&parent) {}

  std::shared_ptr<const Tree> tree_;
  const TreeNode* parent_;
};

// The form in which the content is kept in a message.
std::string to_string(const RawContent& content);

}  // namespace lodge::conf::xml
