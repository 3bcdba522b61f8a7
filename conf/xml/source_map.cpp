#include "conf/xml/source_map.h"

#include <charconv>

#include "conf/xml/tree.h"

namespace lodge::conf::xml {
namespace {

// The element that one step ("interface[2]") leads to.
const TreeNode* follow(const TreeNode& from, std::string_view step) {
  int position = 1;
  if (const auto bracket = step.find('['); bracket != step.npos) {
    std::from_chars(step.data() + bracket + 1, step.data() + step.size(), position);
    step = step.substr(0, bracket);
  }
  for (const TreeNode* child = from.first; child; child = child->next) {
    if (child->kind == NodeKind::element && qualified_name(*child) == step && --position == 0) return child;
  }
  return nullptr;
}

struct Reached {
  const TreeNode* element = nullptr;  // the innermost that the document has; null if not even the root fits
  std::string_view rest;              // of the path, from there: "/source/@dev"
};

Reached follow_all(const Tree& tree, std::string_view path) {
  Reached reached{.element = nullptr, .rest = path};
  while (reached.rest.starts_with('/') && !reached.rest.starts_with("/@")) {
    const std::size_t end = reached.rest.find('/', 1);
    const std::string_view step = reached.rest.substr(1, end == path.npos ? end : end - 1);
    const TreeNode* next = nullptr;
    if (reached.element) {
      next = follow(*reached.element, step);
    } else if (qualified_name(tree.root()) == step) {
      next = &tree.root();
    }
    if (!next) break;
    reached.element = next;
    reached.rest.remove_prefix(step.size() + 1);
  }
  return reached;
}

}  // namespace

int SourceMap::line(std::string_view path) const {
  if (!tree_) return 0;
  const auto [element, rest] = follow_all(*tree_, path);
  if (!element) return 0;
  return rest.starts_with("/@") ? tree_->line_of(*element, rest.substr(2)) : static_cast<int>(element->line);
}

std::string SourceMap::spelled(std::string_view path) const {
  if (!tree_) return std::string(path);
  const auto [element, rest] = follow_all(*tree_, path);
  return element ? Tree::path_of(*element) + std::string(rest) : std::string(path);
}

}  // namespace lodge::conf::xml
