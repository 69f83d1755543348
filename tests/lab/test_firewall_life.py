# SPDX-License-Identifier: Apache-2.0
"""What becomes of open connections when their rule goes, and of the rules when sixgated does."""
import re
import signal
import socket

from lab import SERVER, SLOW, require_tools
from other_firewalls import variant
from scenario import final_checks, online, toml

BESIDE = "2001:db8:4000::"  # the network of something like a VPN
PINHOLE = '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nprotocol = "udp"\nports = 8081\n'


class UdpFlow:
    """One socket that goes on talking to one port; the other side echoes."""

    def __init__(self, lab, namespace, destination, port, source=None):
        """`source`: address and port, instead of what the kernel would take."""
        self.sock = namespace.call(self.opened, destination, port, source)
        lab.sockets.append(self.sock)

    @staticmethod
    def opened(destination, port, source=None):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.settimeout(SLOW)
        if source:
            sock.bind(source)
        sock.connect((destination, port))
        return sock

    def answers(self, size=12):
        """Whether a datagram of so many octets comes back."""
        try:
            self.sock.send(bytes(size))
            while len(self.sock.recv(2048)) != size:  # a late one
                pass
            return True
        except OSError:
            return False


def house_with_pinholes(lab, backend, firewall="", private=None):
    require_tools("ip6tables-restore" if backend == "ip6tables" else "nft")
    lab.house()
    base = toml() + '\n[firewall]\nbackend = "%s"\n%s' % (backend, firewall)
    mac = lab.h1.mac("eth0")
    house = online(lab, config=base + PINHOLE % mac + PINHOLE.replace("8081", "8082") % mac, sixgated={"private": private})
    lab.h1.serve(tcp=[8080], udp=[8081, 8082])
    lab.h3.serve(tcp=[8080], udp=[8081])
    lab.net.serve(udp=[8091])
    return house, base + PINHOLE.replace("8081", "8082") % mac


def flows_end(lab, backend):
    house, narrower = house_with_pinholes(lab, backend)
    h1 = lab.h1.address_in(house.prefix)
    closed, kept = UdpFlow(lab, lab.net, h1, 8081), UdpFlow(lab, lab.net, h1, 8082)
    # Whoever is behind an interface that is no uplink and no LAN is not our rules' affair.
    vpn = lab.namespace("vpn")
    lab.cable(lab.cpe, "other0", vpn, "eth0")
    for namespace, interface, own in ((lab.cpe, "other0", BESIDE + "1"), (vpn, "eth0", BESIDE + "2")):
        lab.no_dad(namespace, interface)
        namespace.ip("address", "add", own + "/64", "dev", interface, "nodad")
    vpn.ip("-6", "route", "add", "default", "via", BESIDE + "1")
    round_us = UdpFlow(lab, vpn, h1, 8081)
    lab.until("it speaks with h1", round_us.answers, 10)

    def entry():
        """What the table of connections calls that flow."""
        listed = lab.cpe.run("conntrack", "-L", "-f", "ipv6", "-p", "udp", "-o", "id").stdout
        return re.findall(r"src=%s2 dst=%s .* id=(\d+)" % (BESIDE, h1), listed)
    beside = entry()
    lab.check(len(beside) == 1, beside)
    out, across = UdpFlow(lab, lab.h1, SERVER, 8091), UdpFlow(lab, lab.h1, lab.h3.address_in(house.prefix), 8081)
    flows = (closed, kept, out, across)
    # Both directions, twice: connection tracking holds them for flows that go on.
    lab.check(all(flow.answers() for _ in range(2) for flow in flows), "a flow does not begin")
    house.sixgated.write(narrower)
    house.sixgated.reload()
    lab.until("the flow of the pinhole that went is over", lambda: not closed.answers(), 20)
    lab.check(not closed.answers(), "it came back")
    lab.check(all(flow.answers() for flow in flows[1:]), "another flow ended with it")
    house.sixgated.process.wait_log("open connections ended")
    lab.check(entry() == beside, "a flow that goes round our rules ended: %s, %s" % (beside, entry()))
    # Nothing is left of it, though sixgated was away when the rule went.
    lab.check(UdpFlow(lab, lab.net, h1, 8082).answers(), "the other pinhole is closed")
    house.sixgated.kill()
    lab.check(kept.answers(), "a flow ends with the daemon")
    house.sixgated.write(toml() + '\n[firewall]\nbackend = "%s"\n' % backend)
    house.sixgated.start()
    lab.until("the flow of an earlier run's pinhole is over", lambda: not kept.answers(), 20)
    lab.check(out.answers() and across.answers(), "a flow of the inside ended")
    final_checks(lab)


def test_flows_end_with_their_pinhole_nft(lab):
    """nft: an open flow from outside ends when its pinhole goes, also over a restart; others go on."""
    flows_end(lab, "nft")


def test_flows_end_with_their_pinhole_ip6tables(lab):
    """ip6tables-restore: the same."""
    flows_end(lab, "ip6tables")


def test_flows_of_another_firewall(lab):
    """backend = "none": what another firewall lets in is its affair, also when a pinhole goes."""
    house, narrower = house_with_pinholes(lab, "none")
    lab.cpe.run("nft", "-f", "-", stdin="table ip6 others { chain forward { type filter hook forward priority 0; ct state new\n}\n}\n")
    flow = UdpFlow(lab, lab.net, lab.h1.address_in(house.prefix), 8081)
    lab.check(all(flow.answers() for _ in range(2)), "the flow does not begin")

    def entry():
        """What the table of connections calls it."""
        return re.findall(r"dport=8081 .* id=(\d+)", lab.cpe.run("conntrack", "-L", "-f", "ipv6", "-p", "udp", "-o", "id").stdout)
    before = entry()
    lab.check(len(before) == 1, before)
    house.sixgated.write(narrower)
    house.sixgated.reload()
    house.sixgated.process.wait_log("configuration changed")
    lab.until("one pinhole is left", lambda: len(house.sixgated.status()["firewall"]["pinholes"]) == 1, 10)
    lab.pause(1)
    lab.check(entry() == before, "the flow ended: %s, %s" % (before, entry()))


def left_behind(lab, backend, what):
    backend, private = variant(backend)
    house, _ = house_with_pinholes(lab, backend, 'on_stop = "%s"\n' % what, private)
    h1 = lab.h1.address_in(house.prefix)
    probe = UdpFlow(lab, lab.net, h1, 8081)
    lab.check(probe.answers() and lab.net.tcp(h1, 8080, 1) == "silent", "the house is not as it should be")
    # Hosts are told that their router goes; what the rules do is seen by those that go on all the same.
    for host, lan in ((lab.h1, "lan0"), (lab.h3, "lan1")):
        host.ip("-6", "route", "add", "default", "via", lab.cpe.link_local(lan), "dev", "eth0", "metric", "4000")
    lab.check(house.sixgated.terminate() == 0, "it does not stop in peace")
    rules = lab.cpe.run("ip6tables-legacy-save").stdout if private else lab.cpe.run("nft", "list", "ruleset").stdout
    return h1, probe, rules


def stop_blocks(lab, backend):
    h1, probe, rules = left_behind(lab, backend, "block")
    h3 = lab.h3.address_in("2001:db8:1000::/40", preferred=False)
    lab.check("sixgate" in rules, "the rules are gone")
    lab.check(not probe.answers() and not UdpFlow(lab, lab.net, h1, 8082).answers(), "something comes in after the stop")
    lab.check(lab.h1.udp(SERVER, 8091) != "open", "something goes out after the stop")
    lab.check(lab.h1.tcp(h3, 8080) == "open", "the LANs do not reach each other")


def stop_removes(lab, backend):
    h1, _, rules = left_behind(lab, backend, "remove")
    lab.check("sixgate" not in rules, rules)
    lab.check(lab.net.tcp(h1, 8080) == "open", "somebody still guards the house")


def stop_keeps(lab, backend):
    h1, probe, rules = left_behind(lab, backend, "keep")
    lab.check("sixgate" in rules and probe.answers() and lab.net.tcp(h1, 8080, 1) == "silent", rules)


def test_on_stop_block_nft(lab):
    """nft: on_stop = "block" leaves a house where nothing passes between the LANs and the Internet."""
    stop_blocks(lab, "nft")


def test_on_stop_block_ip6tables(lab):
    """ip6tables-restore: the same."""
    stop_blocks(lab, "ip6tables")


def test_on_stop_block_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    stop_blocks(lab, "ip6tables-legacy")


def test_on_stop_remove_nft(lab):
    """nft: on_stop = "remove" leaves no table of ours, and nobody puts it back."""
    stop_removes(lab, "nft")


def test_on_stop_remove_ip6tables(lab):
    """ip6tables-restore: on_stop = "remove" leaves no chain of ours."""
    stop_removes(lab, "ip6tables")


def test_on_stop_remove_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    stop_removes(lab, "ip6tables-legacy")


def test_on_stop_does_not_wait_for_the_last_words(lab):
    """A provider that does not answer the Release, and a hook that takes its time, leave no house half guarded meanwhile, nor
    when sixgated is killed before they are done."""
    hook = lab.file("hook.sh", '#!/bin/sh\n[ -e "$0.slow" ] && exec sleep 4712\nexit 0\n', mode=0o755)
    lab.house()
    house = online(lab, config=toml(top='hook = "%s"\n[firewall]\non_stop = "block"\n' % hook, uplink="release_on_stop = true\n"))
    lab.net.serve(udp=[8091])
    flow = UdpFlow(lab, lab.h1, SERVER, 8091)
    lab.check(flow.answers(), "the house is not online")
    lab.h1.ip("-6", "route", "add", "default", "via", lab.cpe.link_local("lan0"), "dev", "eth0", "metric", "4000")
    house.server.stop()
    open(hook + ".slow", "w").close()
    house.sixgated.process.send(signal.SIGTERM)
    lab.until("nothing passes", lambda: not flow.answers(), 20)
    lab.check(house.sixgated.process.running, "it is over already: nothing made it wait")
    house.sixgated.kill()
    lab.check(not flow.answers(), "what on_stop says is gone with the process")


def test_on_stop_keep_nft(lab):
    """nft: without on_stop the rules stay: what was closed is closed, what was open is open."""
    stop_keeps(lab, "nft")


def test_on_stop_keep_ip6tables(lab):
    """ip6tables-restore: the same."""
    stop_keeps(lab, "ip6tables")


def test_on_stop_keep_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    stop_keeps(lab, "ip6tables-legacy")
