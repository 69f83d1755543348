// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/client_counters.h"

namespace sixgate::dhcp6 {

std::string_view to_string(ClientDrop reason) {
  switch (reason) {
    case ClientDrop::kMalformed:
      return "malformed";
    case ClientDrop::kUnknownType:
      return "unknown-type";
    case ClientDrop::kNotForClients:
      return "not-for-clients";
    case ClientDrop::kMulticast:
      return "multicast";
    case ClientDrop::kNoServerId:
      return "no-server-id";
    case ClientDrop::kNoClientId:
      return "no-client-id";
    case ClientDrop::kOtherClientId:
      return "other-client-id";
    case ClientDrop::kOtherTransaction:
      return "other-transaction";
    case ClientDrop::kNoRapidCommit:
      return "no-rapid-commit";
    case ClientDrop::kNotFromServerAsked:
      return "not-from-server-asked";
    case ClientDrop::kNothingOffered:
      return "nothing-offered";
    case ClientDrop::kServerFailed:
      return "server-failed";
    case ClientDrop::kReconfigureRefused:
      return "reconfigure-refused";
    case ClientDrop::kReconfigureInvalid:
      return "reconfigure-invalid";
    case ClientDrop::kReconfigureUnproven:
      return "reconfigure-unproven";
    case ClientDrop::kReconfigureReplayed:
      return "reconfigure-replayed";
    case ClientDrop::kReconfigureBusy:
      return "reconfigure-busy";
  }
  return "";
}

}  // namespace sixgate::dhcp6
