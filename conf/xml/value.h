#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lodge/xml/options.pb.h"

// How single values are spelled: between text and one scalar field.
namespace lodge::conf::xml {

// A message with its reflection: protobuf takes its time to answer Message::GetReflection(), so it is asked once.
struct Handle {
  Handle(google::protobuf::Message& m) : message(&m), reflection(m.GetReflection()) {}  // NOLINT: it is the message

  google::protobuf::Message* message;
  const google::protobuf::Reflection* reflection;
};

struct ConstHandle {
  ConstHandle(const google::protobuf::Message& m) : message(&m), reflection(m.GetReflection()) {}  // NOLINT: as above
  ConstHandle(const google::protobuf::Message& m, const google::protobuf::Reflection& r)
      : message(&m), reflection(&r) {}

  const google::protobuf::Message* message;
  const google::protobuf::Reflection* reflection;
};

struct Spelling {
  std::string text;
  int number;
};

// The spellings of an enum: first those that are written, in the enum's order, then the aliases.
struct EnumSpellings {
  std::vector<Spelling> all;
  std::vector<std::string> written;  // the first ones' texts, for messages

  const Spelling* by_text(std::string_view text) const;
  const Spelling* by_number(int number) const;
};

// "DISK_BUS_VIRTIO_SCSI" of enum DiskBus is "virtio-scsi", unless `xv` says otherwise; the zero value has no spelling.
EnumSpellings spellings_of(const google::protobuf::EnumDescriptor& type);

struct Unit {
  std::string name;
  std::uint64_t factor;  // how many of the message's unit it is
};

// The annotations of a scalar field, compiled.
struct ValueSpec {
  const google::protobuf::FieldDescriptor* field = nullptr;
  ::lodge::xml::Kind kind = ::lodge::xml::KIND_UNSPECIFIED;
  int width = 0;                    // HEX, HEX_ONLY, OCTAL
  std::string unit;                 // SCALED: of the message and of what is written
  std::uint64_t unit_bytes = 1;     // SCALED
  std::string unit_default;         // SCALED: of documents that name none
  std::vector<Unit> written_units;  // SCALED: the first that takes no fraction is written, else `unit`
  const EnumSpellings* spellings = nullptr;
  const ::lodge::xml::Variable* variable = nullptr;  // VARREF
  std::string skip_value;
};

// Reads `text` into the field, or appends it if the field is repeated. `unit` is the document's, for SCALED.
// Error: invalid_argument whose message says what was expected, e.g. "'foo' is not one of yes, no".
Result<void> read_value(const ValueSpec& spec, std::string_view text, std::string_view unit, Handle to);

// The text of the field, or of its element `index` if it is repeated; in canonical spelling. It lives as long as the
// message, the spec and `scratch` are left alone.
// Error: invalid_argument for an enum value without a name, or a string that is not of its kind.
Result<std::string_view> print_value(const ValueSpec& spec, ConstHandle from, int index, std::string& scratch);

// The form in which the field, a string, is kept and written. Error: invalid_argument if the text is not of its kind.
Result<std::string> canonical_text(const google::protobuf::FieldDescriptor& field, std::string_view text);

// The unit in which print_value() writes a SCALED field.
Unit written_unit(const ValueSpec& spec, ConstHandle from);

// Sets an unannotated spelling: a number in decimal, a string as it is.
void set_plain(Handle to, const google::protobuf::FieldDescriptor& field, std::string_view text);

}  // namespace lodge::conf::xml
