// SPDX-License-Identifier: Apache-2.0
// The sockets in a namespace: a veth pair whose other end belongs to another namespace's kernel would be a
// lab test; here both ends are ours, and each hears the other.
#include "daemon/io/packet_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <span>

#include "daemon/io/clock.h"
#include "daemon/io/kernel.h"
#include "tests/unit/daemon_io/namespace.h"

namespace sixgate::daemon {
namespace {

struct Heard {
  std::string interface;
  Channel channel = Channel::kIcmp6;
  Ip6Address source;
  Ip6Address destination;
  unsigned hop_limit = 0;
  std::vector<std::uint8_t> payload;
  std::uint16_t port = 0;
  std::optional<MacAddress> link_layer;
};

// RFC 4861 section 4.1 without options; the kernel fills the checksum in.
const std::vector<std::uint8_t> kSolicitation{133, 0, 0, 0, 0, 0, 0, 0};
// RFC 4861 section 4.2: router lifetime zero.
const std::vector<std::uint8_t> kAdvertisement{134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

class PacketSocketsTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    run("ip link set lo up && ip link add wan type veth peer name isp");
    prepare();
    auto opened = Kernel::open(
        loop_, [] {}, [](const LogLine&) {});
    ASSERT_TRUE(opened);
    kernel_ = std::move(*opened);
  }
  static void prepare() {
    run("sysctl -qw net.ipv6.conf.wan.accept_dad=0 net.ipv6.conf.isp.accept_dad=0 && "
        "ip link set wan up && ip link set isp up");
  }
  std::vector<LinkState> links() {
    auto picture = kernel_->read({}, clock_now());
    EXPECT_TRUE(picture);
    return picture->links;
  }
  // The links once both ends have their link-local address, which takes the kernel a moment.
  std::vector<LinkState> ready_links() {
    const Instant until = clock_now() + seconds(5);
    for (;;) {
      const std::vector<LinkState> all = links();
      if (std::count_if(all.begin(), all.end(), [](const LinkState& l) { return l.ready(); }) >=
              2 ||
          clock_now() > until) {
        return all;
      }
      loop_.run_for(milliseconds(5));
    }
  }
  LinkState link(const std::string& name) {
    for (const LinkState& l : links()) {
      if (l.name == name) return l;
    }
    return {};
  }
  void run_for(Duration duration) {
    const Instant until = clock_now() + duration;
    while (clock_now() < until) loop_.run_for(until - clock_now());
  }
  // Until so many were heard, and a moment longer, in which none is to follow.
  void hear(std::size_t count) {
    const Instant until = clock_now() + seconds(5);
    while (heard_.size() < count && clock_now() < until) loop_.run_for(milliseconds(5));
    run_for(milliseconds(20));
  }
  // RFC 4443 section 2.3.
  static std::vector<std::uint8_t> with_checksum(std::vector<std::uint8_t> packet,
                                                 const Ip6Address& from, const Ip6Address& to) {
    std::uint32_t sum = 58 + static_cast<std::uint32_t>(packet.size());
    const auto add = [&](std::span<const std::uint8_t> octets) {
      for (std::size_t i = 0; i < octets.size(); i += 2) {
        sum += static_cast<std::uint32_t>(octets[i] << 8 | octets[i + 1]);
      }
    };
    add(from.bytes());
    add(to.bytes());
    add(packet);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    packet[2] = static_cast<std::uint8_t>(~sum >> 8);
    packet[3] = static_cast<std::uint8_t>(~sum);
    return packet;
  }
  // A packet with a header of our own making.
  void send_raw(const std::string& interface, const Ip6Address& from, const Ip6Address& to,
                std::uint8_t next_header, std::span<const std::uint8_t> payload) {
    std::vector<std::uint8_t> packet{
        0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(payload.size()), next_header, 255};
    packet.insert(packet.end(), from.bytes().begin(), from.bytes().end());
    packet.insert(packet.end(), to.bytes().begin(), to.bytes().end());
    packet.insert(packet.end(), payload.begin(), payload.end());
    const OwnedFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    sockaddr_in6 destination{};
    destination.sin6_family = AF_INET6;
    std::copy(to.bytes().begin(), to.bytes().end(), destination.sin6_addr.s6_addr);
    destination.sin6_scope_id = link(interface).index;
    ASSERT_EQ(::sendto(fd.get(), packet.data(), packet.size(), 0,
                       reinterpret_cast<const sockaddr*>(&destination), sizeof destination),
              static_cast<ssize_t>(packet.size()));
  }
  std::size_t said(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(
        log_.begin(), log_.end(), [&](const LogLine& line) { return contains(line.text, part); }));
  }

  EventLoop loop_;
  std::unique_ptr<Kernel> kernel_;
  std::vector<Heard> heard_;
  unsigned batches_ = 0;
  LogLines log_;
  PacketSockets sockets_{loop_,
                         [this](std::span<const PacketIn> packets) {
                           ++batches_;
                           for (const PacketIn& in : packets)
                             heard_.push_back({in.interface,
                                               in.channel,
                                               in.source,
                                               in.destination,
                                               in.hop_limit,
                                               {in.payload.begin(), in.payload.end()},
                                               in.port,
                                               in.link_layer});
                         },
                         [this](const LogLine& line) { log_.push_back(line); }};
  const WantedSockets wanted_{{"wan"}, {"isp"}};
};

TEST_F(PacketSocketsTest, SolicitsAndAdvertisesAsNeighborDiscoveryWantsIt) {
  sockets_.fit(wanted_, ready_links());
  EXPECT_FALSE(sockets_.retry_wanted());
  sockets_.send({"wan", Channel::kIcmp6, kAllRouters, kSolicitation});
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].interface, "isp");
  EXPECT_EQ(heard_[0].source, link("wan").link_local);
  EXPECT_EQ(heard_[0].destination, kAllRouters);
  EXPECT_EQ(heard_[0].hop_limit, 255U);
  ASSERT_EQ(heard_[0].payload.size(), 8U);
  EXPECT_EQ(heard_[0].payload[0], 133);
  EXPECT_NE(heard_[0].payload[2] | heard_[0].payload[3], 0);  // the kernel's checksum

  sockets_.send({"isp", Channel::kIcmp6, kAllNodes, kAdvertisement});
  hear(2);
  ASSERT_EQ(heard_.size(), 2U);  // the uplink heard it, and the sender not its own
  EXPECT_EQ(heard_[1].interface, "wan");
  EXPECT_EQ(heard_[1].payload[0], 134);
  EXPECT_EQ(heard_[1].source, link("isp").link_local);
}

TEST_F(PacketSocketsTest, HearsNothingButWhatItsRoleNeeds) {
  sockets_.fit(wanted_, ready_links());
  sockets_.send({"isp", Channel::kIcmp6, kAllNodes, kSolicitation});  // no business of an uplink
  sockets_.send({"isp", Channel::kIcmp6, kAllNodes, {128, 0, 0, 0, 0, 1, 0, 1}});  // echo request
  run_for(milliseconds(20));
  EXPECT_TRUE(heard_.empty());
}

// RFC 6980 section 5.
TEST_F(PacketSocketsTest, FragmentedNeighborDiscoveryIsIgnored) {
  sockets_.fit(wanted_, ready_links());
  const Ip6Address from = *link("wan").link_local;
  const std::vector<std::uint8_t> solicitation =
      with_checksum({133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0x5e, 0, 0x53, 1}, from, kAllRouters);
  const std::span<const std::uint8_t> whole(solicitation);
  send_raw("wan", from, kAllRouters, 58, whole);
  hear(1);
  EXPECT_EQ(heard_.size(), 1U) << "the packet itself is right";
  for (const bool last : {false, true}) {
    std::vector<std::uint8_t> fragment{58, 0, 0, static_cast<std::uint8_t>(last ? 8 : 1),
                                       1,  2, 3, 4};
    const auto part = whole.subspan(last ? 8 : 0, 8);
    fragment.insert(fragment.end(), part.begin(), part.end());
    send_raw("wan", from, kAllRouters, 44, fragment);
  }
  hear(1);
  EXPECT_EQ(heard_.size(), 1U);
  EXPECT_EQ(said("came in fragments"), 1U) << "it arrived and was put together";
  EXPECT_EQ(sockets_.fragments("isp"), 1U);
  EXPECT_EQ(sockets_.fragments("wan"), 0U);
}

// RFC 4389 section 4.1: what stations ask each other, whoever is meant, and nothing else.
TEST_F(PacketSocketsTest, OverhearsNeighborDiscoveryWhereItIsWanted) {
  WantedSockets wanted = wanted_;
  wanted.neighbors = {"wan", "isp"};
  sockets_.fit(wanted, ready_links());
  EXPECT_FALSE(sockets_.retry_wanted());
  std::vector<std::uint8_t> solicitation{135, 0, 0, 0, 0, 0, 0, 0};
  const Ip6Address target = Ip6Address::from_halves(0x20010db800050000, 0x11);
  solicitation.insert(solicitation.end(), target.bytes().begin(), target.bytes().end());
  PacketOut out{"wan", Channel::kNeighbors,
                Ip6Address::from_halves(0xff02000000000000, 0x1ff000011), solicitation};
  out.source = Ip6Address();  // a DAD
  out.station = MacAddress({0x33, 0x33, 0xff, 0, 0, 0x11});
  sockets_.send(out);
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);  // and not its own
  EXPECT_EQ(heard_[0].interface, "isp");
  EXPECT_EQ(heard_[0].channel, Channel::kNeighbors);
  EXPECT_TRUE(heard_[0].source.is_unspecified());
  EXPECT_EQ(heard_[0].hop_limit, 255U);
  ASSERT_EQ(heard_[0].payload.size(), 24U);
  EXPECT_EQ(heard_[0].payload[0], 135);

  // A Router Solicitation, which no kernel answers: an answer would begin with Neighbor Discovery.
  sockets_.send({"isp", Channel::kIcmp6, kAllRouters, {133, 0, 0, 0, 0, 0, 0, 0}});
  wanted.neighbors = {"isp"};
  sockets_.fit(wanted, links());
  out.interface = "isp";
  sockets_.send(out);
  run_for(milliseconds(50));
  EXPECT_EQ(std::count_if(heard_.begin(), heard_.end(),
                          [](const Heard& one) { return one.channel == Channel::kNeighbors; }),
            1);
}

TEST_F(PacketSocketsTest, SpeaksDhcpv6FromPort546ToPort547) {
  sockets_.fit({.uplinks = {"wan"}}, ready_links());  // port 547 is the test's here
  const OwnedFd server(::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in6 local{};
  local.sin6_family = AF_INET6;
  local.sin6_port = htons(547);
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
  ipv6_mreq group{};
  ASSERT_EQ(sizeof group.ipv6mr_multiaddr, kAllDhcpRelayAgentsAndServers.bytes().size());
  std::copy(kAllDhcpRelayAgentsAndServers.bytes().begin(),
            kAllDhcpRelayAgentsAndServers.bytes().end(), group.ipv6mr_multiaddr.s6_addr);
  group.ipv6mr_interface = link("isp").index;
  ASSERT_EQ(::setsockopt(server.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group), 0);

  sockets_.send({"wan", Channel::kDhcp6Client, kAllDhcpRelayAgentsAndServers, {1, 2, 3, 4}});
  std::array<char, 64> buffer{};
  sockaddr_in6 from{};
  socklen_t length = sizeof from;
  ASSERT_EQ(::recvfrom(server.get(), buffer.data(), buffer.size(), 0,
                       reinterpret_cast<sockaddr*>(&from), &length),
            4);
  EXPECT_EQ(ntohs(from.sin6_port), 546);
  from.sin6_scope_id = link("isp").index;
  ASSERT_EQ(
      ::sendto(server.get(), "answer", 6, 0, reinterpret_cast<const sockaddr*>(&from), length), 6);
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].channel, Channel::kDhcp6Client);
  EXPECT_EQ(heard_[0].destination, link("wan").link_local);
  EXPECT_EQ(heard_[0].payload.size(), 6U);
}

// RFC 9915 section 19: a hop limit of 8; RFC 6939: who sent it on the link layer.
TEST_F(PacketSocketsTest, Row_8415_R_05_SpeaksToServersAndKnowsWhoSpeaksToIt) {
  WantedSockets wanted = wanted_;
  wanted.relay_uplinks = {"wan"};
  wanted.station_lans = {"isp"};
  sockets_.fit(wanted, ready_links());
  const auto to = [](const Ip6Address& destination) {
    return PacketOut{.interface = "wan",
                     .channel = Channel::kDhcp6Server,
                     .destination = destination,
                     .payload = {12, 0},
                     .port = 547};
  };
  sockets_.send(to(kAllDhcpServers));
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].interface, "isp");
  EXPECT_EQ(heard_[0].hop_limit, 8U);
  EXPECT_EQ(heard_[0].port, 547);
  EXPECT_EQ(heard_[0].link_layer, link("wan").mac);
  // A client there is nobody's to answer, and towards the provider no sender is looked for.
  sockets_.send({.interface = "isp",
                 .channel = Channel::kDhcp6Server,
                 .destination = kAllDhcpRelayAgentsAndServers,
                 .payload = {1, 0, 0, 1},
                 .port = 547});
  hear(1);
  EXPECT_EQ(heard_.size(), 1U);
  sockets_.send({.interface = "isp",
                 .channel = Channel::kDhcp6Server,
                 .destination = *link("wan").link_local,
                 .payload = {13, 0},
                 .port = 547});
  hear(2);
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_EQ(heard_[1].interface, "wan");
  EXPECT_EQ(heard_[1].link_layer, std::nullopt);
  // When nobody is relayed for any more, the port towards the provider is closed.
  sockets_.fit(wanted_, links());
  sockets_.send(to(kAllDhcpServers));
  hear(2);
  EXPECT_EQ(heard_.size(), 2U);
}

TEST_F(PacketSocketsTest, SaysOnceThatAnotherClientHasThePortAndTriesAgain) {
  OwnedFd other(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 local{};
  local.sin6_family = AF_INET6;
  local.sin6_port = htons(546);
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
  sockets_.fit(wanted_, ready_links());
  sockets_.fit(wanted_, ready_links());
  EXPECT_EQ(said("UDP port 546 on wan is taken by another DHCPv6 client"), 1U);
  EXPECT_TRUE(sockets_.retry_wanted());
  other.reset();
  sockets_.fit(wanted_, ready_links());
  EXPECT_FALSE(sockets_.retry_wanted());
  EXPECT_EQ(said("listening now"), 1U);
}

TEST_F(PacketSocketsTest, WarnsWhenThePortIsShared) {
  const OwnedFd other(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ASSERT_EQ(::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  sockaddr_in6 local{};
  local.sin6_family = AF_INET6;
  local.sin6_port = htons(546);
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
  sockets_.fit(wanted_, ready_links());
  EXPECT_FALSE(sockets_.retry_wanted());
  EXPECT_EQ(said("another program listens on UDP port 546 too"), 1U);
}

TEST_F(PacketSocketsTest, FollowsAnInterfaceReplacedUnderTheSameName) {
  sockets_.fit(wanted_, ready_links());
  run("ip link del wan");
  sockets_.send({"wan", Channel::kIcmp6, kAllRouters, kSolicitation});  // into the void
  sockets_.fit(wanted_, links());
  run("ip link add wan type veth peer name isp");
  prepare();
  sockets_.fit(wanted_, ready_links());
  sockets_.send({"wan", Channel::kIcmp6, kAllRouters, kSolicitation});
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].interface, "isp");
}

TEST_F(PacketSocketsTest, TroubleOfSendingIsSaidOnceAndEndsWithSuccess) {
  sockets_.fit(wanted_, ready_links());
  run("ip link set wan down");
  for (int i = 0; i < 5; ++i) sockets_.send({"wan", Channel::kIcmp6, kAllRouters, kSolicitation});
  EXPECT_EQ(said("sending ICMPv6 on wan"), 1U);
  run("ip link set wan up");
  sockets_.fit(wanted_, ready_links());
  run_for(milliseconds(20));
  sockets_.send({"wan", Channel::kIcmp6, kAllRouters, kSolicitation});
  EXPECT_EQ(said("sending ICMPv6 on wan"), 1U);
}

TEST_F(PacketSocketsTest, ManyAtOnceGoAndComeInTheirOrder) {
  sockets_.fit(wanted_, ready_links());
  std::vector<PacketOut> packets;
  for (std::uint8_t i = 0; i < 50; ++i) {
    std::vector<std::uint8_t> payload = kSolicitation;
    payload[4] = i;  // reserved: ignored by receivers
    packets.push_back({"wan", Channel::kIcmp6, kAllRouters, payload});
    if (i == 20) packets.push_back({"absent", Channel::kIcmp6, kAllRouters, payload});
  }
  sockets_.send(packets);
  hear(50);
  ASSERT_EQ(heard_.size(), 50U);
  for (std::uint8_t i = 0; i < 50; ++i) EXPECT_EQ(heard_[i].payload[4], i);
  EXPECT_LE(batches_, 10U) << "what waits is taken together";
}

TEST_F(PacketSocketsTest, AWordOfAnAddressThatIsOursNoMoreIsSaidFromIt) {
  sockets_.fit(wanted_, ready_links());
  PacketOut farewell{"isp", Channel::kIcmp6, kAllNodes, kAdvertisement};
  farewell.source = *Ip6Address::parse("fe80::dead");
  sockets_.send(farewell);
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].source, farewell.source);
}

TEST_F(PacketSocketsTest, AWatchedLanHearsAnswersOfDhcpv6Servers) {
  WantedSockets watching = wanted_;
  watching.watched = {"isp"};
  sockets_.fit(watching, ready_links());
  const OwnedFd server(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(546);
  to.sin6_scope_id = link("wan").index;
  const Ip6Address isp = *link("isp").link_local;
  std::copy(isp.bytes().begin(), isp.bytes().end(), to.sin6_addr.s6_addr);
  ASSERT_EQ(
      ::sendto(server.get(), "answer", 6, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 6);
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].interface, "isp");
  EXPECT_EQ(heard_[0].channel, Channel::kDhcp6Client);
  sockets_.fit(wanted_, ready_links());
  (void)::sendto(server.get(), "answer", 6, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  hear(1);
  EXPECT_EQ(heard_.size(), 1U) << "nobody listens any more";
}

TEST_F(PacketSocketsTest, ClosesWhatIsNoLongerWanted) {
  sockets_.fit(wanted_, ready_links());
  sockets_.fit({{}, {"isp"}}, links());
  sockets_.send({"wan", Channel::kIcmp6, kAllRouters, kSolicitation});
  sockets_.send({"isp", Channel::kIcmp6, kAllNodes, kAdvertisement});
  run_for(milliseconds(20));
  EXPECT_TRUE(heard_.empty());
  OwnedFd other(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 local{};
  local.sin6_family = AF_INET6;
  local.sin6_port = htons(546);
  EXPECT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
}

// Requests of the Port Control Protocol: to any address of ours, answered from that one.
TEST_F(PacketSocketsTest, HearsPortControlWhereItIsWanted) {
  WantedSockets wanted = wanted_;
  wanted.pcp = {"isp"};
  sockets_.fit(wanted, ready_links());
  const Ip6Address router = *link("isp").link_local;
  const OwnedFd client(::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(5351);
  to.sin6_scope_id = link("wan").index;
  std::copy(router.bytes().begin(), router.bytes().end(), to.sin6_addr.s6_addr);
  const auto* peer = reinterpret_cast<const sockaddr*>(&to);
  ASSERT_EQ(::sendto(client.get(), "please", 6, 0, peer, sizeof to), 6);
  hear(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].channel, Channel::kPcp);
  EXPECT_EQ(heard_[0].interface, "isp");
  EXPECT_EQ(heard_[0].destination, router);
  sockets_.send({.interface = "isp",
                 .channel = Channel::kPcp,
                 .destination = heard_[0].source,
                 .payload = {1, 2, 3},
                 .source = router,
                 .port = heard_[0].port});
  std::array<char, 64> buffer{};
  sockaddr_in6 from{};
  socklen_t length = sizeof from;
  ASSERT_EQ(::recvfrom(client.get(), buffer.data(), buffer.size(), 0,
                       reinterpret_cast<sockaddr*>(&from), &length),
            3);
  EXPECT_EQ(ntohs(from.sin6_port), 5351);
  // No longer wanted, no longer heard.
  sockets_.fit(wanted_, ready_links());
  ASSERT_EQ(::sendto(client.get(), "please", 6, 0, peer, sizeof to), 6);
  hear(1);
  EXPECT_EQ(heard_.size(), 1U);
}

TEST_F(PacketSocketsTest, ABurstOfClientsWaitsForTheServer) {
  (void)ready_links();
  const auto server = make_dhcp6_server_socket(link("wan"));
  ASSERT_TRUE(server) << server.error().message;
  const LinkState isp = link("isp");
  const auto client = make_dhcp6_client_socket(isp);
  ASSERT_TRUE(client) << client.error().message;
  constexpr std::size_t kClients = 1500;
  const std::vector<std::uint8_t> solicit(100, 1);
  for (std::size_t i = 0; i < kClients; ++i) {
    const OutgoingDatagram one{{}, kAllDhcpRelayAgentsAndServers, kDhcp6ServerPort, solicit};
    std::size_t sent = 0;
    ASSERT_EQ(send_datagrams(client->fd.get(), isp, std::span(&one, 1), sent), 0);
  }
  std::vector<std::uint8_t> buffer(1500);
  std::size_t heard = 0;
  while (receive_datagram(server->get(), buffer)) ++heard;
  EXPECT_EQ(heard, kClients);
}

}  // namespace
}  // namespace sixgate::daemon
