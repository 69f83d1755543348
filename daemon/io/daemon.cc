// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/daemon.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "daemon/firewall_text.h"
#include "daemon/flow_timeouts.h"
#include "daemon/host_list.h"
#include "daemon/io/clock.h"
#include "daemon/io/config_file.h"
#include "daemon/io/sysctl.h"
#include "daemon/knock.h"
#include "daemon/lease_list.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// Port 546 may be free again, an interface may have got over what ailed it.
constexpr Duration kSocketRetry = seconds(10);
// The advertisers take 4.5 s for their last words (ra::kFarewell); procd kills five seconds after SIGTERM.
constexpr Duration kLastWords = milliseconds(4800);
// A deadline in the past is no reason to spin.
constexpr Duration kShortestWait = milliseconds(1);
constexpr unsigned kMostRounds = 100;

FirewallIncludes includes_of(const conf::FirewallConfig& config) {
  return {.nft = config.include_nft, .ip6tables = config.include_ip6tables};
}

std::optional<firewall::Backend> backend_of(conf::FirewallConfig::Choice choice) {
  switch (choice) {
    case conf::FirewallConfig::Choice::kAuto:
      return {};
    case conf::FirewallConfig::Choice::kNft:
      return firewall::Backend::kNft;
    case conf::FirewallConfig::Choice::kIp6tables:
      return firewall::Backend::kIp6tables;
    case conf::FirewallConfig::Choice::kNone:
      return firewall::Backend::kNone;
  }
  return {};
}

bool firewall_may_be_nft(conf::FirewallConfig::Choice choice) {
  return choice == conf::FirewallConfig::Choice::kAuto ||
         choice == conf::FirewallConfig::Choice::kNft;
}

HookResult hook_result(const HookScript& script, const Expected<ProcessResult>& ended) {
  if (!ended) return {ended.error().message, {}};
  HookResult result{{}, ended->output};
  if (ended->exit_status != 0)
    result.failure = cat(script.path, ": ended with status ", ended->exit_status);
  return result;
}

}  // namespace

struct Daemon::UnderWay {
  ChangeOutcome outcome;
  std::size_t done = 0;    // changes attempted so far
  bool waiting = false;    // for the firewall
  bool overtaken = false;  // the kernel was looked at meanwhile
};

Daemon::Daemon(EventLoop& loop, StderrLog& log, Supervisor& supervisor, Parts parts)
    : loop_(loop),
      log_(log),
      supervisor_(supervisor),
      command_line_(std::move(parts.command_line)),
      config_(std::move(parts.config)),
      rng_(entropy()),
      state_(loop, std::move(parts.state), std::move(parts.memory), boot_id(), sink()),
      leases_(
          loop, config_.state_dir + "/leases", config_.durability,
          [this] { leases_.replace(router_->lease_journal(clock_now())); }, sink()),
      processes_(make_process_runner(loop)),
      hosts_(*processes_, sink()),
      firewall_(*processes_,
                {.backend = backend_of(config_.firewall.backend),
                 .state_dir = config_.state_dir,
                 .jump_position = config_.firewall.jump_position},
                sink()),
      guard_(
          loop, firewall_, [this] { flows_.rules_came_back(); }, sink()),
      flows_(loop, sink()),
      sockets_(
          loop,
          [this](std::span<const PacketIn> packets) {
            router_->receive(packets, clock_now());
            settle();
          },
          sink()),
      refusals_(sink()),
      deadline_(loop,
                [this] {
                  router_->expire(clock_now());
                  settle();
                }),
      retry_sockets_(loop, [this] { fit_sockets(); }),
      last_resort_(loop,
                   [this] {
                     say(LogLevel::kWarning, "stopping without the last words");
                     loop_.stop();
                   }),
      watchdog_(loop, [this] {
        supervisor_.alive();
        watchdog_.at(clock_now() + *supervisor_.watchdog_interval());
      }) {
  if (parts.control) {
    control_.emplace(
        loop, std::move(parts.control),
        [this](std::string_view command, const ControlSocket::Reply& reply) {
          answer(command, reply);
        },
        [this](std::string_view command) { return open_stream(command); });
  }
}

Daemon::~Daemon() = default;

LogSink Daemon::sink() {
  return [this](const LogLine& line) { log_.write(line); };
}

Expected<Done> Daemon::start() {
  auto kernel = Kernel::open(
      loop_, [this] { look(); }, sink());
  if (!kernel) return Unexpected<Error>(kernel.error());
  kernel_ = std::move(*kernel);
  const Instant now = clock_now();
  firewall_.include(includes_of(config_.firewall));
  router_ = std::make_unique<Router>(config_, state_.load(now), rng_, now);
  restore_leases(now);
  static constexpr std::array<int, 4> kSignals{SIGHUP, SIGTERM, SIGINT, SIGUSR2};
  loop_.on_signals(kSignals, [this](int number) { signalled(number); });
  if (const Expected<Done> watching = guard_.start();
      !watching && firewall_may_be_nft(config_.firewall.backend)) {
    say(LogLevel::kWarning,
        cat(watching.error().message, ": rules that somebody deletes stay away"));
  }
  if (auto watch = NeighborWatch::open(loop_, [this](const std::vector<Neighbor>& news) {
        router_->neighbors(news, clock_now());
        settle();
      })) {
    neighbor_watch_ = std::move(*watch);
  } else {
    say(LogLevel::kWarning, cat(watch.error().message, ": the hosts of the LANs stay unknown"));
  }
  look();
  supervisor_.ready();
  if (supervisor_.watchdog_interval()) watchdog_.at(now);
  return Done{};
}

void Daemon::restore_leases(Instant now) {
  const std::vector<std::uint8_t> journal = leases_.load();
  const dhcp6::JournalReading reading = router_->restore_leases(journal, boot_id(), now);
  using Header = dhcp6::JournalReading::Header;
  switch (reading.header) {
    case Header::kGood:
      if (reading.rotten > 0)
        say(LogLevel::kWarning, cat("the journal of leases is damaged: ", reading.rotten,
                                    " octets are of no use, ", reading.records, " records are"));
      break;
    case Header::kMissing:
      break;
    case Header::kForeign:
      leases_.set_aside("is no journal of leases");
      break;
    case Header::kFromTheFuture:
      leases_.set_aside("was written by a newer sixgated");
      break;
  }
  leases_.replace(router_->lease_journal(now));
}

void Daemon::look() {
  const Instant now = clock_now();
  auto picture = kernel_->read(router_->watched_sysctls(), now);
  if (!picture) {
    if (trouble_ != picture.error().message) say(LogLevel::kError, picture.error().message);
    trouble_ = picture.error().message;
    kernel_->look_again();
    return;
  }
  trouble_.clear();
  if (under_way_) under_way_->overtaken = true;
  links_ = std::move(picture->links);
  if (neighbor_watch_) neighbor_watch_->links(links_);
  // Before the Router speaks: a socket is there for the first solicitation on a new link.
  fit_sockets();
  router_->links(links_, now);
  router_->kernel(std::move(picture->state), now);
  settle();
}

void Daemon::fit_sockets() {
  sockets_.fit(router_->wanted_sockets(), links_);
  if (sockets_.retry_wanted()) {
    retry_sockets_.at(clock_now() + kSocketRetry);
  } else {
    retry_sockets_.cancel();
  }
}

// What this run or one before it raised, unless somebody has set it since.
void Daemon::lower_flow_timeouts() {
  const auto& raised = router_->state().flow_timeouts;
  for (const auto& [name, least] : kFlowTimeouts) {
    const auto before = raised.find(std::string(name));
    if (before == raised.end() || read_sysctl(before->first) != std::to_string(least)) continue;
    if (const auto written = write_sysctl(before->first, before->second); !written)
      say(LogLevel::kWarning, written.error().message);
  }
}

// While the last words are said: there is not much time.
void Daemon::leave_rules() {
  using OnStop = conf::FirewallConfig::OnStop;
  const OnStop what = handing_over_ ? OnStop::kKeep : config_.firewall.on_stop;
  const auto end = [this](const Expected<Done>& result) {
    if (!result) say(LogLevel::kError, cat("firewall: ", result.error().message));
    rules_left_ = true;
    if (words_said_) loop_.stop();
  };
  guard_.stop();
  if (!handing_over_) lower_flow_timeouts();
  if (what == OnStop::kRemove) {
    say(LogLevel::kWarning, "firewall: our rules are taken away, as on_stop says");
    firewall_.remove(end);
  } else if (what == OnStop::kBlock) {
    say(LogLevel::kInfo, "firewall: nothing passes from now on, as on_stop says");
    firewall::Ruleset closed = router_->desired().ruleset;
    closed.provisioned = false;
    firewall_.apply(closed, end);
  } else if (firewall::Ruleset lasting = lasting_rules(router_->desired());
             !handing_over_ && lasting != router_->desired().ruleset) {
    firewall_.apply(lasting, end);
  } else {
    rules_left_ = true;
  }
}

// Carries out what the Router says until it has nothing more to say.
void Daemon::settle() {
  if (settling_) {
    settle_again_ = true;
    return;
  }
  settling_ = true;
  for (unsigned round = 0; round < kMostRounds; ++round) {
    settle_again_ = false;
    RouterOutputs outputs = router_->drain();
    for (const LogLine& line : outputs.log) log_.write(line);
    if (outputs.store) state_.store(std::move(*outputs.store), outputs.durable);
    leases_.append(outputs.lease_journal);
    if (outputs.changes) begin(std::move(*outputs.changes));
    if (outputs.ways_changed) flows_.ways_changed();
    sockets_.send(outputs.packets);
    refusals_.send(outputs.refusals);
    if (outputs.names_changed) write_hosts_files();
    // Not here, in the midst of what a socket has received perhaps.
    if (outputs.sockets_changed) retry_sockets_.at(clock_now());
    for (HookRun& run : outputs.hooks) run_hook(std::move(run));
    for (LeaseHookRun& run : outputs.lease_hooks) run_lease_hook(std::move(run));
    if (outputs.lease_events && control_) control_->wake();
    if (outputs.look) kernel_->look_again();
    if (outputs.finished && stopping_) {
      words_said_ = true;
      if (rules_left_) loop_.stop();
      break;
    }
    router_->reuse(std::move(outputs));
    if (!settle_again_) break;
  }
  settling_ = false;
  const Instant now = clock_now();
  const auto next = router_->next_deadline();
  deadline_.at(next ? std::max(*next, now + kShortestWait) : Instant::never());
}

void Daemon::write_hosts_files() {
  hosts_.write(config_, [this] { return router_->named_addresses(clock_now()); });
}

void Daemon::run_hook(HookRun run) {
  say(LogLevel::kDebug,
      cat("uplink ", run.uplink, ": hook ", to_string(run.action), ": ", run.script.path));
  Command command;
  command.arguments = {run.script.path, run.interface, std::string(to_string(run.action))};
  command.environment = std::move(run.environment);
  command.time_limit = run.script.time_limit;
  processes_->run(std::move(command),
                  [this, run = std::move(run)](const Expected<ProcessResult>& ended) {
                    router_->hook_ended(run, hook_result(run.script, ended), clock_now());
                    settle();
                  });
}

void Daemon::run_lease_hook(LeaseHookRun run) {
  Command command;
  command.arguments = std::move(run.arguments);
  command.arguments.insert(command.arguments.begin(), run.script.path);
  command.environment = std::move(run.environment);
  command.time_limit = run.script.time_limit;
  processes_->run(std::move(command), [this, number = run.number, script = std::move(run.script)](
                                          const Expected<ProcessResult>& ended) {
    router_->lease_hook_ended(number, hook_result(script, ended), clock_now());
    settle();
  });
}

void Daemon::begin(ChangeSet changes) {
  for (const Change& change : changes) say(LogLevel::kDebug, to_string(change));
  under_way_ = std::make_unique<UnderWay>();
  under_way_->outcome.changes = std::move(changes);
  proceed();
}

void Daemon::proceed() {
  ChangeOutcome& outcome = under_way_->outcome;
  std::size_t& done = under_way_->done;
  while (done < outcome.changes.size()) {
    const auto rest = std::span(std::as_const(outcome.changes)).subspan(done);
    if (const auto* rules = std::get_if<ApplyFirewall>(&rest.front())) {
      // The answer may come at once, from within apply(), or much later.
      under_way_->waiting = true;
      firewall_.apply(rules->ruleset, [this](const Expected<Done>& result) {
        if (!under_way_ || !under_way_->waiting) return;  // an answer for an older set
        under_way_->waiting = false;
        const std::size_t at = under_way_->done++;
        if (!result) {
          under_way_->outcome.failures.push_back({at, result.error().message});
        } else if (firewall_.backend() != firewall::Backend::kNone) {
          const conf::FirewallConfig& config = config_.firewall;
          flows_.rules_changed(std::get<ApplyFirewall>(under_way_->outcome.changes[at]).ruleset,
                               !config.include_nft.empty() || !config.include_ip6tables.empty());
        }
        proceed();
      });
      return;
    }
    const auto firewall = std::find_if(rest.begin(), rest.end(), [](const Change& change) {
      return std::holds_alternative<ApplyFirewall>(change);
    });
    const auto part = rest.first(static_cast<std::size_t>(firewall - rest.begin()));
    const auto failures = kernel_->apply(part, done, clock_now());
    outcome.failures.insert(outcome.failures.end(), failures.begin(), failures.end());
    done += part.size();
  }
  const auto finished = std::move(under_way_);
  router_->applied(finished->outcome, clock_now());
  // What is there in truth? The Router takes what succeeded for what is, but a later picture may have shown
  // that it is gone again, with its link say.
  if (!finished->outcome.failures.empty() || finished->overtaken) kernel_->look_again();
  settle();
}

void Daemon::signalled(int number) {
  if (number == SIGHUP) {
    reload();
    return;
  }
  if (stopping_) {  // asked twice
    loop_.stop();
    return;
  }
  stopping_ = true;
  supervisor_.stopping();
  last_resort_.at(clock_now() + kLastWords);
  state_.flush();
  handing_over_ = number == SIGUSR2;
  if (handing_over_)
    router_->hand_over(clock_now());
  else
    router_->stop(clock_now());
  leave_rules();
  settle();
}

void Daemon::reload() {
  if (stopping_) return;
  supervisor_.reloading();
  conf::ReadResult read = load_config(command_line_, &config_);
  for (const conf::Diagnostic& warning : read.warnings) {
    say(LogLevel::kWarning, warning.to_string());
  }
  for (const conf::Diagnostic& error : read.errors) say(LogLevel::kError, error.to_string());
  if (!read.config) {
    say(LogLevel::kError, "the configuration is not usable: going on with the one there was");
    supervisor_.status("the new configuration was refused; running with the old one");
  } else {
    conf::Config& config = *read.config;
    if (config.state_dir != config_.state_dir || config.socket != config_.socket ||
        config.user != config_.user || config.firewall.backend != config_.firewall.backend ||
        config.firewall.jump_position != config_.firewall.jump_position) {
      say(LogLevel::kWarning,
          "state_dir, socket, user, and the firewall's backend and jump_position change with the "
          "next start only");
      config.state_dir = config_.state_dir;
      config.socket = config_.socket;
      config.user = config_.user;
      config.firewall.backend = config_.firewall.backend;
      config.firewall.jump_position = config_.firewall.jump_position;
    }
    config_ = config;
    log_.set_level(config_.log_level);
    leases_.set_durability(config_.durability);
    firewall_.include(includes_of(config_.firewall));
    router_->reload(std::move(config), clock_now());
    write_hosts_files();
    look();  // at what the new configuration watches
    supervisor_.status("");
  }
  supervisor_.ready();
}

// "", or a space and the backend whose text is asked for instead of what is in use.
std::string Daemon::firewall_answer(std::string_view asked) {
  firewall::Backend backend = firewall_.backend().value_or(firewall::Backend::kNft);
  if (asked == " nft") {
    backend = firewall::Backend::kNft;
  } else if (asked == " ip6tables") {
    backend = firewall::Backend::kIp6tables;
  } else if (!asked.empty()) {
    return error_answer(cat("unknown firewall:", printable(asked)));
  }
  firewall::Ruleset ruleset = router_->desired().ruleset;
  std::string lack = "sixgated uses another backend";
  if (backend == firewall_.backend()) {
    ruleset.user_rules = firewall_.user_rules();
    lack = router_->firewall_lack();
  }
  return firewall_json(ruleset, backend, lack);
}

// Of an address, a prefix, a LAN, or a client by its name or DUID.
std::string Daemon::release_answer(std::string_view asked) {
  const std::vector<dhcp6::LeaseEvent> ended =
      router_->release_lease(lease_selection(asked), clock_now());
  std::string answer = released_json(ended);
  settle();
  return answer;
}

// "events", and where the listener was: "events 7.1234".
ControlSocket::Stream Daemon::open_stream(std::string_view command) {
  constexpr std::string_view kCommand = "events";
  if (!command.starts_with(kCommand)) return {};
  command.remove_prefix(kCommand.size());
  EventPlace place;
  if (!command.empty()) {
    const auto said = command[0] == ' ' ? parse_event_place(command.substr(1)) : std::nullopt;
    if (!said) return {};
    place = *said;
  }
  return [this, place, greeted = false]() mutable -> std::optional<std::string> {
    if (!std::exchange(greeted, true)) return router_->lease_events().greeting(place);
    return router_->lease_events().next(place);
  };
}

// What passes our rules and is refused all the same.
void Daemon::add_refusals_of_others(firewall::Backend backend,
                                    const std::vector<std::string>& closed, Status& status) const {
  const std::uint32_t mark = router_->desired().ruleset.accept_mark;
  if (backend == firewall::Backend::kNone) return;
  for (const std::string& chain : closed) {
    // The table that our own jumps are in: what they accept has passed it.
    if (backend == firewall::Backend::kIp6tables && chain.starts_with("ip6 filter ")) continue;
    status.problems.push_back(cat("firewall: chain \"", chain,
                                  "\" drops what none of its rules accepts, also where ours do: ",
                                  mark != 0 ? "accept the mark of accept_mark there"
                                  : backend == firewall::Backend::kNft
                                      ? "set accept_mark, and accept that mark there"
                                      : "use backend = \"nft\" with accept_mark"));
  }
}

void Daemon::answer(std::string_view command, const ControlSocket::Reply& reply) {
  if (command == "status") {
    firewall_.look_around([this, reply](const FirewallView& view) { reply(status_answer(view)); });
  } else if (command == "firewall counters" || command == "firewall rules") {
    const bool each_rule = command == "firewall rules";
    firewall_.count([this, reply, each_rule](const Expected<firewall::Counted>& counted) {
      const auto backend = firewall_.backend();
      reply(counted ? firewall_counters_json(*counted, backend ? to_string(*backend) : "none",
                                             each_rule)
                    : error_answer(counted.error().message));
    });
  } else {
    reply(answer_at_once(command));
  }
}

std::string Daemon::answer_at_once(std::string_view command) {
  if (command == "knock") return knock_json(router_->desired().knocks);
  if (command == "knock reset") {
    const std::size_t tunnels = router_->reset_knocks(clock_now());
    kernel_->forget_knocks();
    settle();  // who is told that it is done may knock at once
    return knock_reset_json(tunnels);
  }
  constexpr std::string_view kRelease = "lease release ";
  if (command.starts_with(kRelease)) return release_answer(command.substr(kRelease.size()));
  if (command == "leases") return leases_json(router_->server(), clock_now());
  if (command.starts_with("firewall")) return firewall_answer(command.substr(8));
  if (command == "hosts") return hosts_json(router_->status(clock_now()));
  return error_answer(cat("unknown command: ", printable(command)));
}

std::string Daemon::status_answer(const FirewallView& view) {
  Status status = router_->status(clock_now());
  if (const auto backend = firewall_.backend()) {
    status.firewall_backend = firewall::to_string(*backend);
    add_refusals_of_others(*backend, view.closed, status);
  }
  for (const std::string& remark : view.remarks)
    status.problems.push_back(cat("firewall: ", remark));
  for (const std::string& chain : view.dropping_invalid)
    status.problems.push_back(
        cat("firewall: chain \"", chain,
            "\" drops what conntrack calls invalid, such as answers to a multicast ping; "
            "Neighbor Discovery and DHCPv6 are not tracked, and pass it"));
  if (view.counts)
    status.firewall_counts = *view.counts;
  else
    status.problems.push_back(cat("firewall: its counters: ", view.counts.error().message));
  if (!guard_.trouble().empty()) {
    status.firewall_applied = false;
    status.problems.push_back(guard_.trouble());
  }
  if (!firewall_.complaint().empty())
    status.problems.push_back(cat("firewall: rules of your own: ", firewall_.complaint()));
  for (StatusUplink& uplink : status.uplinks) {
    uplink.counters["ra_dropped_fragmented"] = sockets_.fragments(uplink.interface);
  }
  for (StatusLan& lan : status.lans) {
    lan.counters["ra_dropped_fragmented"] = sockets_.fragments(lan.interface);
  }
  return to_json(status);
}

}  // namespace sixgate::daemon
