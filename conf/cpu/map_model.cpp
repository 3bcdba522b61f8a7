#include "conf/cpu/map_model.h"

#include <string_view>

#include "conf/domain/number_set.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

// What CPUID leaf 1 and the main ID register have room for.
constexpr std::uint32_t kMaxFamily = 0xf + 0xff;
constexpr std::uint32_t kMaxModel = 0xff;
constexpr std::size_t kSteppings = 16;
constexpr std::uint32_t kMaxPart = 0xfff;

void check_signature(const std::string& path, const v1::CpuMapSignature& signature, Findings& findings) {
  if (!signature.has_family()) findings.add(path + "/@family", "is missing, as in <signature family='6' model='94'/>");
  if (signature.has_family() && (signature.family() == 0 || signature.family() > kMaxFamily))
    findings.add(path + "/@family", "{} is not from 1 to {}", signature.family(), kMaxFamily);
  if (!signature.has_model()) findings.add(path + "/@model", "is missing, as in <signature family='6' model='94'/>");
  if (signature.model() > kMaxModel) findings.add(path + "/@model", "{} is more than {}", signature.model(), kMaxModel);
  if (signature.stepping().empty()) return;
  const auto steppings = number_set(signature.stepping());
  if (!steppings || (*steppings >> kSteppings).any())
    findings.add(path + "/@stepping", "'{}' is no set of numbers from 0 to {}", signature.stepping(), kSteppings - 1);
}

void check_pvr(const std::string& path, const v1::CpuMapPvr& pvr, CpuFamily family, Findings& findings) {
  if (!pvr.has_value()) findings.add(path + "/@value", "says how processors number themselves: value='0x004e0000'");
  if (family == CpuFamily::ppc64) {
    if (!pvr.has_mask()) findings.add(path + "/@mask", "says which bits count: mask='0xffff0000'");
    if (pvr.has_mask() && (pvr.value() & ~pvr.mask()) != 0)
      findings.add(path + "/@value", "{:#x} has bits that mask {:#x} leaves out: nothing could match", pvr.value(),
                   pvr.mask());
  }
  if (family == CpuFamily::arm) {
    if (pvr.has_mask()) findings.add(path + "/@mask", "only for ppc64");
    if (pvr.value() > kMaxPart) findings.add(path + "/@value", "{:#x} is more than 0xfff", pvr.value());
  }
}

void check_features(const std::string& path, const v1::CpuMapModel& model, const CpuMapNames& names,
                    Findings& findings) {
  std::set<std::string_view> had;
  for (int i = 0; i < model.features_size(); ++i) {
    const auto& name = model.features(i).name();
    const auto at = numbered(path + "/feature", i, model.features()) + "/@name";
    if (name.empty()) {
      findings.add(at, "is missing");
    } else if (!had.insert(name).second) {
      findings.add(at, "'{}' is given twice", name);
    } else if (names.complete && !names.features.contains(name)) {
      findings.add(at, "there is no feature '{}'", name);
    }
  }
}

void check_references(const std::string& path, const v1::CpuMapModel& model, const CpuMapNames& names,
                      Findings& findings) {
  const auto& vendor = model.vendor().name();
  if (model.has_vendor() && vendor.empty()) findings.add(path + "/vendor/@name", "is missing");
  if (!vendor.empty() && names.complete && !names.vendors.contains(vendor))
    findings.add(path + "/vendor/@name", "there is no vendor '{}'", vendor);

  const auto& ancestor = model.ancestor().name();
  const auto at = path + "/model/@name";
  if (model.has_ancestor() && ancestor.empty()) findings.add(at, "is missing");
  if (ancestor.empty() || names.models.contains(ancestor)) return;
  if (names.later_models.contains(ancestor)) {
    findings.add(at, "'{}' is not known before this model", ancestor);
  } else if (names.complete) {
    findings.add(at, "there is no model '{}'", ancestor);
  }
}

// What only processors of another architecture have.
void refuse_foreign(const std::string& path, const v1::CpuMapModel& model, CpuFamily family, Findings& findings) {
  const auto refuse = [&](int count, std::string_view element, std::string_view owner) {
    if (count > 0) findings.add(numbered(fmt::format("{}/{}", path, element), 0, count), "only for {}", owner);
  };
  if (family == CpuFamily::x86) return refuse(model.pvrs_size(), "pvr", "ppc64 and arm");
  if (family == CpuFamily::unknown) return;
  refuse(model.has_ancestor() ? 1 : 0, "model", "x86");
  refuse(model.has_decode() ? 1 : 0, "decode", "x86");
  refuse(model.signatures_size(), "signature", "x86");
  refuse(model.features_size(), "feature", "x86");
}

}  // namespace

void check_cpu_map_model(const std::string& path, const v1::CpuMapModel& model, CpuFamily family,
                         const CpuMapNames& names, Findings& findings) {
  refuse_foreign(path, model, family, findings);
  check_references(path, model, names, findings);
  if (model.has_decode() && !(model.decode().has_host() && model.decode().has_guest()))
    findings.add(path + "/decode", "has both: <decode host='on' guest='off'/>");
  for (int i = 0; i < model.signatures_size(); ++i)
    check_signature(numbered(path + "/signature", i, model.signatures()), model.signatures(i), findings);
  for (int i = 0; i < model.pvrs_size(); ++i)
    check_pvr(numbered(path + "/pvr", i, model.pvrs()), model.pvrs(i), family, findings);
  const bool by_pvr = family == CpuFamily::ppc64 || family == CpuFamily::arm;
  if (by_pvr && model.pvrs().empty())
    findings.add(path + "/pvr", "says how such a processor is known: <pvr value='0xd0c'/>");
  if (family == CpuFamily::arm && model.pvrs_size() > 1) findings.add(path + "/pvr[2]", "arm has one");
  check_features(path, model, names, findings);
}

}  // namespace lodge::conf
