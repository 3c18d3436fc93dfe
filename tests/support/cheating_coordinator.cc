// `mutual-coordinator` that asks scrutineers about another close than the one in the log: the real
// program, before one of whose functions the linker puts this one (--wrap). Built with the tests
// only and never installed.
#include "coordinator/service/federation_core.h"

namespace mutual::coordinator {

std::vector<MaskDuty> RealDutiesFor(FederationCore* core, const std::string& organisation) __asm__(
    "__real__ZN6mutual11coordinator14FederationCore9DutiesForERK"
    "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
std::vector<MaskDuty>
CheatingDutiesFor(FederationCore* core, const std::string& organisation) __asm__(
    "__wrap__ZN6mutual11coordinator14FederationCore9DutiesForERK"
    "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
std::vector<MaskDuty> CheatingDutiesFor(FederationCore* core, const std::string& organisation) {
  std::vector<MaskDuty> duties = RealDutiesFor(core, organisation);
  for (MaskDuty& duty : duties) {
    if (duty.kind == DutyKind::kTally) --duty.close;
  }
  return duties;
}

}  // namespace mutual::coordinator
