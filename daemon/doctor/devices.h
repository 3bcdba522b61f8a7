#pragma once

#include "daemon/doctor/check.h"

namespace lodge::doctor {

// What the host's devices for guests say when they are opened.
struct DeviceFacts {
  int kvm = 0;             // errno of opening /dev/kvm for reading and writing; 0 if it works
  int tun = 0;             // of /dev/net/tun
  bool x86 = true;         // whether the processor is one that may need its BIOS asked about virtualization
  bool vmx_or_svm = true;  // whether it says that it can virtualize
};

DeviceFacts look_at_devices();
Findings device_findings(const DeviceFacts& facts);

}  // namespace lodge::doctor
