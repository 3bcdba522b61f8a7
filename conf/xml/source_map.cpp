#include "conf/xml/source_map.h"

#include <algorithm>
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

}  // namespace

int SourceMap::line(std::string_view path) const {
  if (!tree_ || !path.starts_with('/')) return 0;
  const TreeNode* element = nullptr;
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const std::string_view step = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), step.size() + 1));
    if (!element) {
      if (qualified_name(tree_->root()) != step) return 0;
      element = &tree_->root();
      continue;
    }
    if (step.starts_with('@')) return tree_->line_of(*element, step.substr(1));
    const TreeNode* next = follow(*element, step);
    if (!next) break;
    element = next;
  }
  return element ? static_cast<int>(element->line) : 0;
}

}  // namespace lodge::conf::xml
