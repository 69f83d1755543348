# SPDX-License-Identifier: Apache-2.0
"""The router's table of connections is full: nothing begins, but Neighbor Discovery and DHCPv6, not being in it, go on."""
import subprocess
import time

from dhcp_clients import Dhclient
from lab import SERVER, LabFailure, alone, limit, require_tools
from peers import rdisc6
from scenario import final_checks, online, slash64, toml
from test_dhcp6_attacks import SHORT
from test_firewall_life import UdpFlow

# One number for all namespaces of the machine: each may have that many, and only the router has.
MOST, PORT, FLOWS = "/proc/sys/net/netfilter/nf_conntrack_max", 8096, 5000


def fill(lab, source):
    """Flows of h1 that the kernel holds to be assured (answered, and alive for two seconds): it forgets none of them for
    another one's sake."""
    ports = range(20000, 20000 + FLOWS)

    def ask():
        for port in ports:
            with UdpFlow.opened(SERVER, PORT, (source, port)) as sock:
                for _ in range(3):
                    sock.send(b"hello")
                    try:
                        sock.recv(2048)
                        break
                    except TimeoutError:
                        continue
    lab.h1.call(ask)
    lab.pause(2.2)
    lab.h1.call(ask)
    lab.until("the router has them all", lambda: taken(lab) >= FLOWS, 5)


def taken(lab):
    return int(lab.cpe.sysctl("net.netfilter.nf_conntrack_count"))


def allow(number):
    """How many connections a namespace may have."""
    try:
        with open(MOST, "w") as file:
            file.write(str(number))
    except OSError as problem:
        raise LabFailure("%s cannot be set: %s" % (MOST, problem)) from None


def keep_for_others(lab):
    """How many a namespace may have, which is the machine's number again when this test ends, however it ends: somebody waits
    for the end of a pipe."""
    with open(MOST) as file:
        before = int(file.read())
    keeper = subprocess.Popen(["sh", "-c", "cat > /dev/null; echo %d > %s" % (before, MOST)], stdin=subprocess.PIPE,
                              start_new_session=True)

    def give_back():
        keeper.stdin.close()
        keeper.wait()
    lab.finishers.insert(0, give_back)
    return before


def asked_and_told(wire, asker, since):
    """Whether a Neighbor Solicitation of this link-layer address and an answer to it were on the wire."""
    asked = {(one.payload[8:24], one.source) for one in wire.packets(since, match=lambda one: one.icmp == 135
                                                                     and one.ether_source == asker)}
    return bool(wire.packets(since, match=lambda one: one.icmp == 136 and one.ether_destination == asker
                             and (one.payload[8:24], one.destination) in asked))


def full(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore", "conntrack", "rdisc6", "dhclient")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n' % backend, lan='addressing = "slaac+dhcpv6"\n'),
                   server_options=SHORT)
    source = lab.h1.address_in(house.prefix)
    router = lab.cpe.wait_address(house.prefix, "lan0")
    lab.net.serve(tcp=[PORT], udp=[PORT])
    lab.cpe.serve(udp=[PORT])
    flow = UdpFlow(lab, lab.h1, SERVER, PORT, (source, 19999))
    lab.check(flow.answers(), "no answer from the server")  # once, and again when the rest is there: assured as well

    def begun():
        """What of it can begin: through the router, and with the router itself, as DHCPv6 does."""
        return {what for what, end in (("tcp", lab.h1.tcp(SERVER, PORT, timeout=1)), ("udp", lab.h1.udp(SERVER, PORT)),
                                       ("the other way", lab.h3.udp(SERVER, PORT)),
                                       ("with the router", lab.h1.udp(router, PORT))) if end == "open"}
    ends = begun()
    lab.check(len(ends) == 4, ends)
    fill(lab, source)
    lab.check(flow.answers(), "no answer from the server")
    before = keep_for_others(lab)
    allow(FLOWS)
    # Whoever has a place in the table by now keeps it: the client does not go on by one that it should not have.
    for port in (546, 547):
        lab.cpe.run("conntrack", "-D", "-f", "ipv6", "-p", "udp", "--dport", port, check=False)
    since, ends = time.time(), begun()
    lab.check(not ends, "the table is not full: %s began, it has %d" % (ends, taken(lab)))

    # Neighbor Discovery, for a flow that there is already: first the router has to ask, then it is asked.
    def neighbors(namespace, interface, *exchanges):
        start = time.time()
        namespace.ip("-6", "neigh", "flush", "dev", interface)
        lab.until("%s and its neighbour find each other" % namespace, lambda: flow.answers() and all(
            asked_and_told(wire, mac, start) for wire, mac in exchanges), 20)
    neighbors(lab.cpe, "lan0", (lab.lan0, lab.cpe.mac("lan0")))
    neighbors(lab.cpe, "wan0", (lab.wan, lab.cpe.mac("wan0")))
    neighbors(lab.h1, "eth0", (lab.lan0, lab.h1.mac("eth0")))
    neighbors(lab.isp, "isp0", (lab.wan, lab.isp.mac("isp0")))
    told = rdisc6(lab.h2)
    lab.check(slash64(lab.lan0, house.prefix) in told, "rdisc6 heard: %s" % told)

    # DHCPv6, as a server on the LAN and as a client on the WAN.
    client = Dhclient(lab, lab.h2).start()
    lab.until("dhclient has an address and a prefix", lambda: "iaaddr" in client.text() and "iaprefix" in client.text(), 20)

    def renewed():
        """The Renew messages since then that were answered."""
        replies = {one.transaction for one in lab.wan.dhcp("Reply", since, match=lambda one: one.delegated())}
        return [one for one in lab.wan.dhcp("Renew", since) if one.transaction in replies]
    lab.until("sixgated renewed twice", lambda: len(renewed()) >= 2, 30)
    sent = [one.transaction for one in renewed()]
    lab.check(len(sent) == len(set(sent)) and not lab.wan.dhcp("Rebind", since), "it did not hear the answers: %s" % sent)
    lab.check(house.sixgated.delegations() == [house.prefix], house.sixgated.delegations())
    ends = begun()
    lab.check(not ends and taken(lab) >= FLOWS, "the table was not full: %s began, it has %d" % (ends, taken(lab)))
    allow(before)
    lab.until("all begins again", lambda: len(begun()) == 4, 10)
    final_checks(lab, judge=False)  # tshark takes thousands of ports for those of protocols that it knows


@alone
@limit(100)
def test_full_table_nft(lab):
    """nft: the rest of the house goes on."""
    full(lab, "nft")


@alone
@limit(100)
def test_full_table_ip6tables(lab):
    """ip6tables: the same."""
    full(lab, "ip6tables")
