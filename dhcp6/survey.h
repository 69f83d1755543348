// SPDX-License-Identifier: Apache-2.0
// Survey: what would the servers of this link delegate? It solicits and requests nothing, so no server locks
// in a length that we did not want (an Advertise is no commitment, RFC 9915 section 18.3.9).
//
// One Solicit with an IA_PD for each hint gets the whole map in one round trip from servers that answer every
// IA. Where a server leaves some out or fails, each hint is asked in a Solicit of its own, from the first to the
// last, without stopping at an answer. The first RT is always waited in full, also for
// preference 255: another server may have more.
//
// The IAIDs are scratch ones: a Solicit on the IAID of a binding destroys it on some servers.
//
// Sans-I/O like every engine. The transmission limit is the interface's (section 14.1), shared with its client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dhcp6/client_counters.h"
#include "dhcp6/client_discovery.h"
#include "dhcp6/client_exchange.h"
#include "dhcp6/client_parameters.h"
#include "dhcp6/datagram.h"
#include "dhcp6/survey_result.h"
#include "net/log.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// ::/48, ::/49, ... ::/64
std::vector<Prefix> every_hint();

struct SurveyParameters {
  Duid duid;
  // ::/56 asks for a length, anything else for that very prefix (RFC 8168 section 3.1). Hint `i` is asked
  // with IAID `first_iaid + i`, the IA_NA with `first_iaid`.
  std::vector<Prefix> hints = every_hint();
  std::uint32_t first_iaid = 0x70000000;
  bool address = false;  // an IA_NA too
  bool serial = false;   // one by one from the start
  // When nobody answers at all: goes on with the back-off of section 18.2.1; else the hints are tried one by
  // one, and the survey is over.
  bool persistent = false;
  std::vector<std::uint16_t> extra_options;
  bool accept_reconfigure = true;
  unsigned longest_prefix = 64;
  Duration pace = milliseconds(250);  // between two Solicits of a walk, at least
  bool operator==(const SurveyParameters&) const = default;
};

// What is asked at the moment.
struct SurveyProgress {
  enum class Asking : std::uint8_t {
    kTogether,  // every hint at once
    kHint,      // `hint` alone
    kAddress,   // the IA_NA alone
    kBoth,      // `hint` and the IA_NA
    kNothing,   // over
  };
  Asking asking = Asking::kTogether;
  std::optional<Prefix> hint;
  unsigned transmission = 0;  // of this question, from 1
  unsigned step = 0;          // of `steps`, from 1, in a walk
  unsigned steps = 0;
  std::size_t servers = 0;  // heard so far
  bool operator==(const SurveyProgress&) const = default;
};

struct SurveyOutputs {
  std::vector<Datagram> packets;
  std::optional<SurveyProgress> progress;  // when it is another one
  bool finished = false;                   // once: result() is complete
  LogLines log;
};

class Survey {
 public:
  // `rng` and `limit` must outlive the survey.
  Survey(SurveyParameters parameters, Rng& rng, TransmissionLimit& limit);

  // The first Solicit goes at `at`, which holds the random delay of section 18.2.1 where one is due.
  void start(Instant at);

  // A datagram to port 546 from any port.
  void receive(std::span<const std::uint8_t> payload, const Ip6Address& from, Instant now,
               Arrival arrival = Arrival::kUnicast);
  // The same for who has verified it already (client_verify.h). Nothing when it was taken.
  std::optional<ClientDrop> take(const Message& message, const Ip6Address& from, Instant now);
  bool asked(std::uint32_t transaction_id) const;  // in a message of this survey
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;  // none before start() and when it is over
  SurveyOutputs drain();

  bool finished() const { return result_.complete; }
  const SurveyResult& result() const { return result_; }  // what is known so far
  const SurveyProgress& progress() const { return progress_; }
  const ClientCounters& counters() const { return counters_; }
  const SurveyParameters& parameters() const { return parameters_; }

 private:
  enum class Phase : std::uint8_t { kIdle, kDiscovery, kWalk, kOver };
  struct Question {
    SurveyProgress::Asking asking{};
    std::size_t hint = 0;  // index; of kHint and kBoth
    bool operator==(const Question&) const = default;
  };
  // A question that is on the wire: late answers still count.
  struct Asked {
    Question question;
    std::uint32_t transaction_id = 0;
  };

  // survey.cc: what is asked when.
  void run(Instant now);
  bool step(Instant now);  // false when nothing is due
  void step_discovery(Instant now);
  void step_walk(Instant now);
  Instant next() const;
  void ask(const Question& question, Retransmission& timing, Instant now);
  Question next_of_discovery();
  // `again`: only what somebody who turned up late has not been asked.
  void begin_walk(bool again = false);
  void next_question();
  std::optional<Question> last_question();
  void resume_discovery();
  void finish();

  // survey_record.cc: what servers say.
  std::size_t server(const Duid& duid,
                     const Ip6Address& from);  // index; none left: the number of them
  void record(const Question& question, const Message& message, SurveyedServer& server);
  void take_max_timeouts(const Message& message, const Duid& server);

  bool one_question() const { return parameters_.hints.size() + (parameters_.address ? 1 : 0) < 2; }
  bool covers(const Question& question, std::size_t hint) const;
  bool with_address(const Question& question) const;
  bool settled_together() const;  // the one Solicit has said everything
  bool answered_by_all() const {
    return !result_.servers.empty() && answered_by_ == every_server();
  }
  std::uint32_t every_server() const { return (1U << result_.servers.size()) - 1; }

  SurveyParameters parameters_;
  Rng* rng_;
  TransmissionLimit* limit_;
  ClientParameters asking_as_;
  Phase phase_ = Phase::kIdle;
  Instant starts_at_;
  std::vector<Asked> asked_;  // one of each question
  std::optional<Instant> last_sent_;

  Retransmission discovery_;  // its back-off goes on after a walk in vain
  std::optional<Instant> collect_until_;
  std::size_t next_lone_hint_ = 0;

  Question question_;              // of the walk
  Retransmission walking_;         // its own
  std::vector<Question> left_;     // to ask after it, the next one last
  std::uint32_t answered_by_ = 0;  // who answered it: bit by index
  bool wait_in_full_ = false;      // it stands for the first RT
  unsigned missed_ = 0;            // questions in a row that somebody left unanswered
  unsigned walks_ = 0;
  std::size_t known_at_walk_ = 0;  // servers, when the walk began
  bool asked_address_ = false;
  bool asked_both_ = false;
  unsigned steps_ = 0;

  Discovery said_;  // SOL_MAX_RT and INF_MAX_RT
  SurveyResult result_;
  SurveyProgress progress_;
  SurveyOutputs outputs_;
  ClientCounters counters_;
};

}  // namespace sixgate::dhcp6
