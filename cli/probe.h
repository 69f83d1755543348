// SPDX-License-Identifier: Apache-2.0
// Probe: what one link offers, asked once. The engines are the daemon's own: a Survey for the DHCPv6 servers, a
// RouterListener for the routers, and, where a person wants to see whether an offer is kept, a Client.
//
// Sans-I/O like them; probe_run.h brings it to the network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/kernel_state.h"
#include "daemon/router.h"
#include "dhcp6/client.h"
#include "dhcp6/survey.h"
#include "net/rng.h"
#include "ra/router_listener.h"

namespace sixgate::cli {

struct ProbeSettings {
  std::string interface;
  std::optional<dhcp6::Duid> duid;  // none: a throwaway one
  // All hints one after the other with this IAID, as a router that has it would ask.
  std::optional<std::uint32_t> iaid;
  std::vector<Prefix> hints = dhcp6::every_hint();
  bool serial = false;
  bool request = false;
  Duration timeout = seconds(90);
};

// What came of asking in earnest for the best offer.
struct CommitOutcome {
  Prefix asked;                                // what the survey had found
  std::vector<dhcp6::LeasedPrefix> delegated;  // what was given
  bool released = false;  // and given back; the server acknowledged it, or was told often enough
  bool operator==(const CommitOutcome&) const = default;
};

struct ProbeReport {
  std::string interface;
  dhcp6::Duid duid;
  std::optional<std::uint32_t> iaid;
  bool link_ready = false;
  bool timed_out = false;
  Instant at;  // what the instants of `heard` are compared with
  ra::Heard heard;
  dhcp6::SurveyResult survey;
  std::optional<CommitOutcome> commit;
};

struct ProbeOutputs {
  std::vector<daemon::PacketOut> packets;
  std::optional<std::string> progress;  // a new line of what is being done
  bool finished = false;
};

class Probe {
 public:
  // `rng` must outlive the probe.
  Probe(ProbeSettings settings, Rng& rng, Instant now);

  // The interface as it is; the questions begin when it is ready.
  void link(const daemon::LinkState* state, Instant now);
  void receive(const daemon::PacketIn& packet, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;  // none when it is over
  ProbeOutputs drain();

  ProbeReport report(Instant now) const;

 private:
  enum class Phase : std::uint8_t { kWaiting, kSurvey, kRouters, kCommit, kRelease, kOver };
  void begin_surveys(Instant now);
  void next_survey(Instant now);
  void after_surveys(Instant now);
  void commit(Instant now);
  void advance(Instant now);
  void finish(bool in_time);
  void say(std::string what);

  ProbeSettings settings_;
  Rng* rng_;
  Instant ends_at_;
  Phase phase_ = Phase::kWaiting;
  bool ready_ = false;
  bool timed_out_ = false;
  dhcp6::Duid duid_;
  dhcp6::TransmissionLimit limit_;
  std::vector<dhcp6::SurveyParameters> left_;  // surveys to make, the next one last
  std::optional<dhcp6::Survey> survey_;
  dhcp6::SurveyResult result_;  // of the surveys made
  ra::RouterListener listener_;
  Instant routers_until_;  // how long a first Router Advertisement is waited for
  std::optional<dhcp6::Client> client_;
  CommitOutcome outcome_;
  Instant commit_until_;
  ProbeOutputs out_;
};

// What two surveys found, as one: the servers of both, the hints of both.
void merge(dhcp6::SurveyResult& into, const dhcp6::SurveyResult& more);

}  // namespace sixgate::cli
