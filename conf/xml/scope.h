#pragma once

#include <google/protobuf/message.h>

#include <array>
#include <optional>

#include "conf/xml/plan.h"
#include "conf/xml/tree.h"
#include "conf/xml/value.h"

namespace lodge::conf::xml {

// A message being read, and which members of its unions its document chose. A message that lives in its parent's element
// is made when its first value comes.
class Scope {
 public:
  Scope(const MessagePlan& of, const TreeNode& at, google::protobuf::Message& message)
      : plan(of), element(at), handle_(message) {}
  Scope(const MessagePlan& of, const TreeNode& at, Scope& parent, const google::protobuf::FieldDescriptor& field)
      : plan(of), element(at), parent_(&parent), field_(&field) {}

  Handle message() {
    if (!handle_) {
      const Handle parent = parent_->message();
      handle_.emplace(*parent.reflection->MutableMessage(parent.message, field_));
    }
    return *handle_;
  }

  // Nothing as long as there was no value.
  const std::optional<Handle>& existing() const { return handle_; }

  bool is_active(const FieldPlan& field) const {
    return !field.choice || !field.choice->has_discriminator() || chosen[field.choice->index] == &field;
  }

  // The scope of the message that it lives in; null for the document's own and for elements of repeated fields.
  const Scope* parent() const { return parent_; }

  const MessagePlan& plan;
  const TreeNode& element;
  std::array<const FieldPlan*, kMaxUnions> chosen{};
  bool bad_choice = false;  // a discriminator was wrong: what it would have allowed is unknown

 private:
  std::optional<Handle> handle_;
  Scope* parent_ = nullptr;
  const google::protobuf::FieldDescriptor* field_ = nullptr;
};

}  // namespace lodge::conf::xml
