#include "conf/xml/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/uuid.h"
#include "conf/xml/canonical.h"
#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

using google::protobuf::FieldDescriptor;

Failure refuse(std::string_view text, std::string_view expected) {
  return fail(Code::invalid_argument, "'{}' is not one of {}", text, expected);
}

// Sets a singular field, or appends to a repeated one.
void store(Handle to, const FieldDescriptor& field, auto value) {
  using T = decltype(value);
#define LODGE_STORE(NAME)                                                               \
  (field.is_repeated() ? to.reflection->Add##NAME(to.message, &field, std::move(value)) \
                       : to.reflection->Set##NAME(to.message, &field, std::move(value)))
  if constexpr (std::is_same_v<T, bool>) {
    LODGE_STORE(Bool);
  } else if constexpr (std::is_same_v<T, std::string>) {
    LODGE_STORE(String);
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    LODGE_STORE(UInt32);
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    LODGE_STORE(UInt64);
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    LODGE_STORE(Int32);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    LODGE_STORE(Int64);
  }
#undef LODGE_STORE
}

#define LODGE_LOAD(NAME)                                                                  \
  (field.is_repeated() ? from.reflection->GetRepeated##NAME(*from.message, &field, index) \
                       : from.reflection->Get##NAME(*from.message, &field))

Result<std::int64_t> parse_signed(std::string_view text) {
  const std::string_view trimmed = trim(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (error == std::errc::result_out_of_range)
    return fail(Code::invalid_argument, "'{}' does not fit into 64 bits", text);
  if (error != std::errc() || end != trimmed.data() + trimmed.size())
    return fail(Code::invalid_argument, "'{}' is not a whole number", text);
  return value;
}

Result<std::uint64_t> parse_octal(std::string_view text) {
  const std::string_view trimmed = trim(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value, 8);
  if (error != std::errc() || end != trimmed.data() + trimmed.size())
    return fail(Code::invalid_argument, "'{}' is not an octal number", text);
  return value;
}

Result<std::uint64_t> parse_hex(std::string_view text) {
  std::string_view digits = trim(text);
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size())
    return fail(Code::invalid_argument, "'{}' is not a hexadecimal number", text);
  return value;
}

template <class T>
Result<T> narrow(std::string_view text, auto value) {
  if (std::cmp_greater(value, std::numeric_limits<T>::max())) {
    return fail(Code::invalid_argument, "'{}' is more than {}", text, std::numeric_limits<T>::max());
  }
  if (std::cmp_less(value, std::numeric_limits<T>::min())) {
    return fail(Code::invalid_argument, "'{}' is less than {}", text, std::numeric_limits<T>::min());
  }
  return static_cast<T>(value);
}

struct BoolWords {
  std::string_view yes;
  std::string_view no;
};

BoolWords bool_words(::lodge::xml::Kind kind) {
  if (kind == ::lodge::xml::ON_OFF) return {"on", "off"};
  if (kind == ::lodge::xml::ONE_ZERO) return {"1", "0"};
  return {"yes", "no"};
}

Result<void> read_bool(const ValueSpec& spec, std::string_view text, Handle to) {
  const auto [yes, no] = bool_words(spec.kind);
  const std::string_view word = trim(text);
  if (word != yes && word != no) return refuse(text, fmt::format("{}, {}", yes, no));
  store(to, *spec.field, word == yes);
  return {};
}

Result<void> read_enum(const ValueSpec& spec, std::string_view text, Handle to) {
  const Spelling* spelling = spec.spellings->by_text(trim(text));
  if (!spelling) return refuse(text, join(spec.spellings->written, 64));
  if (spec.field->is_repeated()) {
    to.reflection->AddEnumValue(to.message, spec.field, spelling->number);
  } else {
    to.reflection->SetEnumValue(to.message, spec.field, spelling->number);
  }
  return {};
}

Result<std::uint64_t> parse_unsigned(const ValueSpec& spec, std::string_view text, std::string_view unit) {
  switch (spec.kind) {
    case ::lodge::xml::SCALED: return parse_scaled(text, unit.empty() ? spec.unit_default : unit, spec.unit_bytes);
    case ::lodge::xml::OCTAL: return parse_octal(text);
    case ::lodge::xml::HEX_ONLY: return parse_hex(text);
    case ::lodge::xml::HEX:
    case ::lodge::xml::ANY_BASE: return parse_number(text, true);
    default: return parse_number(text, false);
  }
}

Result<void> read_integer(const ValueSpec& spec, std::string_view text, std::string_view unit, Handle to) {
  const FieldDescriptor& field = *spec.field;
  const auto type = field.cpp_type();
  if (type == FieldDescriptor::CPPTYPE_INT32 || type == FieldDescriptor::CPPTYPE_INT64) {
    TRY_ASSIGN(const std::int64_t value, parse_signed(text));
    if (type == FieldDescriptor::CPPTYPE_INT64) return store(to, field, value), Result<void>();
    TRY_ASSIGN(const std::int32_t small, narrow<std::int32_t>(text, value));
    return store(to, field, small), Result<void>();
  }
  TRY_ASSIGN(const std::uint64_t value, parse_unsigned(spec, text, unit));
  if (type == FieldDescriptor::CPPTYPE_UINT64) return store(to, field, value), Result<void>();
  TRY_ASSIGN(const std::uint32_t small, narrow<std::uint32_t>(text, value));
  return store(to, field, small), Result<void>();
}

// The one form in which a string of this kind is kept and written.
bool is_free_text(const ValueSpec& spec) {
  return spec.kind != ::lodge::xml::CPUSET && spec.kind != ::lodge::xml::MAC && spec.kind != ::lodge::xml::VARREF &&
         spec.kind != ::lodge::xml::UUID;
}

Result<std::string> canonical_string(const ValueSpec& spec, std::string_view text) {
  switch (spec.kind) {
    case ::lodge::xml::CPUSET: return canonical_cpuset(text);
    case ::lodge::xml::MAC: return canonical_mac(text);
    case ::lodge::xml::VARREF: {
      TRY(check_variable(text, spec.variable ? *spec.variable : ::lodge::xml::Variable::default_instance()));
      return std::string(text);
    }
    case ::lodge::xml::UUID: {
      TRY_ASSIGN(const Uuid uuid, Uuid::parse(trim(text)));
      return uuid.str();
    }
    default: return std::string(text);
  }
}

std::string upper_snake(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool upper = name[i] >= 'A' && name[i] <= 'Z';
    if (upper && i > 0) out += '_';
    out += upper ? name[i] : static_cast<char>(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
  }
  return out;
}

std::string default_spelling(const google::protobuf::EnumValueDescriptor& value) {
  const std::string prefix = upper_snake(value.type()->name()) + "_";
  std::string text = value.name();
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  for (char& c : text) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

const Spelling* EnumSpellings::by_text(std::string_view text) const {
  const auto found = std::ranges::find(all, text, &Spelling::text);
  return found == all.end() ? nullptr : &*found;
}

const Spelling* EnumSpellings::by_number(int number) const {
  const auto found = std::ranges::find(all, number, &Spelling::number);
  return found == all.end() ? nullptr : &*found;
}

EnumSpellings spellings_of(const google::protobuf::EnumDescriptor& type) {
  EnumSpellings spellings;
  std::vector<Spelling> aliases;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    const auto& options = value.options();
    if (value.number() == 0 && !options.HasExtension(::lodge::xml::xv)) continue;
    const std::string text = options.HasExtension(::lodge::xml::xv) ? options.GetExtension(::lodge::xml::xv)
                                                                    : default_spelling(value);
    spellings.all.push_back({text, value.number()});
    spellings.written.push_back(text);
    for (int a = 0; a < options.ExtensionSize(::lodge::xml::xv_alias); ++a) {
      aliases.push_back({options.GetExtension(::lodge::xml::xv_alias, a), value.number()});
    }
  }
  spellings.all.insert(spellings.all.end(), aliases.begin(), aliases.end());
  return spellings;
}

Result<void> read_value(const ValueSpec& spec, std::string_view text, std::string_view unit, Handle to) {
  if (!spec.skip_value.empty() && trim(text) == spec.skip_value) return {};
  switch (spec.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL: return read_bool(spec, text, to);
    case FieldDescriptor::CPPTYPE_ENUM: return read_enum(spec, text, to);
    case FieldDescriptor::CPPTYPE_STRING: {
      TRY_ASSIGN(std::string value, canonical_string(spec, text));
      store(to, *spec.field, std::move(value));
      return {};
    }
    default: return read_integer(spec, text, unit, to);
  }
}

namespace {

// In `base`, with zeroes in front up to `width` digits.
void set_number(std::string& out, std::string_view prefix, std::uint64_t value, int base, int width) {
  std::array<char, 22> digits;  // of 64 bits in octal
  const auto end = std::to_chars(digits.begin(), digits.end(), value, base).ptr;
  const auto count = static_cast<std::size_t>(end - digits.begin());
  const auto wanted = static_cast<std::size_t>(std::max(width, 0));
  out = prefix;
  if (count < wanted) out.append(wanted - count, '0');
  out.append(digits.begin(), count);
}

Result<std::string_view> print_unsigned(const ValueSpec& spec, ConstHandle from, std::uint64_t value,
                                        std::string& scratch) {
  if (spec.kind == ::lodge::xml::SCALED) {
    if (value > UINT64_MAX / spec.unit_bytes)
      return fail(Code::invalid_argument, "{} {} is more than {} bytes", value, spec.unit, UINT64_MAX);
    value /= written_unit(spec, from).factor;
  }
  if (spec.kind == ::lodge::xml::OCTAL) {
    set_number(scratch, "", value, 8, spec.width);
  } else if (spec.kind == ::lodge::xml::HEX || spec.kind == ::lodge::xml::HEX_ONLY) {
    set_number(scratch, "0x", value, 16, spec.width);
  } else {
    set_number(scratch, "", value, 10, 0);
  }
  return scratch;
}

}  // namespace

Result<std::string_view> print_value(const ValueSpec& spec, ConstHandle from, int index, std::string& scratch) {
  const FieldDescriptor& field = *spec.field;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value = LODGE_LOAD(Bool);
      const auto [yes, no] = bool_words(spec.kind);
      return value ? yes : no;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = LODGE_LOAD(EnumValue);
      const Spelling* spelling = spec.spellings->by_number(number);
      if (!spelling)
        return fail(Code::invalid_argument, "{} is not one of {}", number, join(spec.spellings->written, 64));
      return spelling->text;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& value = field.is_repeated()
                                     ? from.reflection->GetRepeatedStringReference(*from.message, &field, index,
                                                                                   &scratch)
                                     : from.reflection->GetStringReference(*from.message, &field, &scratch);
      if (is_free_text(spec)) return value;
      TRY_ASSIGN(scratch, canonical_string(spec, value));
      return scratch;
    }
    case FieldDescriptor::CPPTYPE_INT32: return scratch = std::to_string(LODGE_LOAD(Int32));
    case FieldDescriptor::CPPTYPE_INT64: return scratch = std::to_string(LODGE_LOAD(Int64));
    default: {
      const std::uint64_t value = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ? LODGE_LOAD(UInt32)
                                                                                      : LODGE_LOAD(UInt64);
      return print_unsigned(spec, from, value, scratch);
    }
  }
}

Result<std::string> canonical_text(const FieldDescriptor& field, std::string_view text) {
  const auto& options = field.options();
  ValueSpec spec{.field = &field, .kind = options.GetExtension(::lodge::xml::kind)};
  if (options.HasExtension(::lodge::xml::variable)) spec.variable = &options.GetExtension(::lodge::xml::variable);
  return canonical_string(spec, text);
}

Unit written_unit(const ValueSpec& spec, ConstHandle from) {
  const std::uint64_t value = from.reflection->GetUInt64(*from.message, spec.field);
  const auto fits = std::ranges::find_if(spec.written_units,
                                         [&](const Unit& unit) { return value != 0 && value % unit.factor == 0; });
  return fits == spec.written_units.end() ? Unit{spec.unit, 1} : *fits;
}

void set_plain(Handle to, const FieldDescriptor& field, std::string_view text) {
  const ValueSpec spec{.field = &field};
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING || field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
      field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 || field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
      field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
    std::ignore = read_value(spec, text, {}, to);
  }
}

}  // namespace lodge::conf::xml
