# SPDX-License-Identifier: Apache-2.0
"""Programs open doors for their own host (RFC 6887). No Debian package has a client of it for IPv6: the requests are
written here after the figures of the RFC, and tshark says whether both sides speak the protocol."""
import socket
import struct
import time

from lab import SERVER, check_not_malformed, limit, proves, require_tools, run
from scenario import final_checks, objects, online, toml
from test_firewall_life import UdpFlow

MAP, PEER = 1, 2
TCP, UDP = 6, 17
SUCCESS, UNSUPP_VERSION, NOT_AUTHORIZED, UNSUPP_OPTION, ADDRESS_MISMATCH = 0, 1, 2, 5, 12
NONCE = bytes(range(12))


def octets(address):
    return socket.inet_pton(socket.AF_INET6, address)


def option(code, content=b""):
    return bytes([code, 0]) + struct.pack(">H", len(content)) + content + bytes(-len(content) % 4)


def request(client, port, lifetime=3600, protocol=TCP, nonce=NONCE, version=2, opcode=MAP, more=b"", options=b""):
    """RFC 6887 sections 7.1, 11.1 and, with `more`, 12.1."""
    return (bytes([version, opcode, 0, 0]) + struct.pack(">I", lifetime) + octets(client) + nonce
            + bytes([protocol, 0, 0, 0]) + struct.pack(">HH", port, 0) + bytes(16) + more + options)


class Answer:
    def __init__(self, raw):
        self.raw, self.opcode, self.code = raw, raw[1], raw[3]
        self.lifetime, self.epoch = struct.unpack(">II", raw[4:12])
        if len(raw) >= 60 and self.opcode in (0x80 | MAP, 0x80 | PEER):
            self.port = struct.unpack(">H", raw[42:44])[0]
            self.address = socket.inet_ntop(socket.AF_INET6, raw[44:60])

    def __repr__(self):
        return "opcode %#x, result %d, lifetime %d, epoch %d" % (self.opcode, self.code, self.lifetime, self.epoch)


def ask(namespace, source, datagram, interface="eth0", to=None, timeout=10.0):
    """The answer of the default router; None: there is none."""
    router = to or namespace.default_routes()[0]["gateway"]

    def work():
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(timeout)
            scope = socket.if_nametoindex(interface) if interface else 0
            sock.bind((source, 0, 0, scope if source.startswith("fe80:") else 0))
            sock.connect((router, 5351, 0, scope))
            try:
                sock.send(datagram)
                return Answer(sock.recv(2048))
            except (TimeoutError, ConnectionRefusedError):
                return None
    return namespace.call(work)


class Announcements:
    """What a client hears that listens for restarts (RFC 6887 section 14.1.3)."""

    def __init__(self, lab, namespace, interface="eth0"):
        def work():
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                            octets("ff02::1") + struct.pack("@I", socket.if_nametoindex(interface)))
            sock.bind(("::", 5350))
            return sock
        self.sock = namespace.call(work)
        lab.sockets.append(self.sock)

    def heard(self, timeout=0.2):
        self.sock.settimeout(timeout)
        out = []
        while True:
            try:
                raw, peer = self.sock.recvfrom(2048)
                out.append((Answer(raw), peer))
            except TimeoutError:
                return out


def asking_house(lab, backend, pinhole=""):
    """`pinhole`: of the configuration, with %s for the MAC address of h1."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house()
    house = online(lab, config=toml(each={"lan0": "pcp = true\n"}) + '\n[firewall]\nbackend = "%s"\n' % backend
                   + pinhole.replace("%s", lab.h1.mac("eth0")))
    lab.h1.serve(tcp=[8080, 8081], udp=[8082])
    return house


def doors(lab, backend):
    """What both backends do."""
    house = asking_house(lab, backend)
    h1, h2 = lab.h1.address_in(house.prefix), lab.h2.address_in(house.prefix)
    lab.check(lab.net.tcp(h1, 8080, timeout=1) == "silent", "open before anybody asked")
    answer = ask(lab.h1, h1, request(h1, 8080, 120))
    lab.check(answer and answer.code == SUCCESS and answer.lifetime == 120 and answer.port == 8080
              and answer.address == h1, "a door: %s" % answer)
    opened = time.time()
    lab.check(lab.net.tcp(h1, 8080) == "open", "the door that was promised is not open")
    lab.check(lab.net.tcp(h1, 8081, timeout=1) == "silent", "another port is open too")
    lab.check(lab.net.tcp(h2, 8080, timeout=1) == "silent", "another host is open too")
    # Whoever lacks the nonce neither closes nor moves it.
    stranger = ask(lab.h1, h1, request(h1, 8080, 0, nonce=bytes(12)))
    lab.check(stranger.code == NOT_AUTHORIZED and 100 <= stranger.lifetime <= 120, "another nonce: %s" % stranger)
    lab.check(ask(lab.h1, h1, request(h1, 8081, 3600)).code == SUCCESS, "a second door")
    lab.check(lab.net.tcp(h1, 8081) == "open", "the second door is shut")
    lab.check(ask(lab.h1, h1, request(h1, 8081, 0)).code == SUCCESS, "closing it")
    lab.check(lab.net.tcp(h1, 8081, timeout=1) == "silent", "it is open after it was closed")
    # For one remote network alone, and one remote host alone.
    elsewhere = option(3, bytes([0, 64]) + struct.pack(">H", 0) + octets("2001:db8:77::"))
    lab.check(ask(lab.h1, h1, request(h1, 8082, 3600, UDP, options=elsewhere)).code == SUCCESS, "a filter")
    lab.check(lab.net.udp(h1, 8082) != "open", "the filter lets everybody in")
    peer = struct.pack(">HH", 9, 0) + octets(SERVER)
    lab.check(ask(lab.h1, h1, request(h1, 8082, 3600, UDP, opcode=PEER, more=peer)).code == SUCCESS, "PEER")
    lab.check(lab.net.udp(h1, 8082, source=SERVER) == "open", "the peer is not let in")
    return house, h1, opened


@limit(240)
@proves("6092-REC-48", "6887-02")
def test_doors_that_programs_open_nft(lab):
    """nft: MAP and PEER open exactly what was asked for, for as long as was promised, also over a crash."""
    house, h1, opened = doors(lab, "nft")
    listed = house.sixgated.lan("lan0")["mappings"]
    lab.check({(one["host"], one["protocol"], one.get("port")) for one in listed} ==
              {(h1, TCP, 8080), (h1, UDP, 8082)}, listed)
    text = house.sixgated.cli_run("status").stdout
    lab.check("tcp 8080" in text, text)
    # A crash ends nothing; no client needs to ask again.
    hears = Announcements(lab, lab.h1)
    house.sixgated.kill()
    lab.check(lab.net.tcp(h1, 8080) == "open", "the door fell shut with the daemon")
    before = objects(lab)
    house.sixgated.start()
    lab.until("the new run knows of the doors", lambda: len(house.sixgated.lan("lan0").get("mappings", [])) == 3, 15)
    lab.check(objects(lab) == before, "%s was %s" % (objects(lab), before))
    lab.check(lab.net.tcp(h1, 8080) == "open", "the next run shut the door")
    lab.check(not hears.heard(), "a loss is announced that did not happen")
    lab.until("the door is shut when its time is over", lambda: lab.net.tcp(h1, 8080, timeout=1) == "silent",
              opened + 120 + 10 - time.time())
    lab.check(time.time() > opened + 119, "it was shut early")
    lab.row("6887-02", True)
    lab.row("6092-REC-48", lab.net.udp(h1, 8082, source=SERVER) == "open")
    require_tools("tshark")
    read = run("tshark", "-n", "-r", lab.lan0.path, "-Y", "portcontrol", "-T", "fields", "-e", "portcontrol.opcode",
               "-e", "portcontrol.result_code", "-e", "portcontrol.map.rsp_assigned_external_port", timeout=60).stdout
    lab.check("1\t0\t8080" in read and "1\t2\t" in read, "tshark reads: %s" % read)
    final_checks(lab)


@limit(150)
def test_doors_that_programs_open_ip6tables(lab):
    """ip6tables: the same doors."""
    doors(lab, "ip6tables")
    final_checks(lab)


def guests_ask(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house()
    house = online(lab, config=toml(lan='zone = "isolated"\n', each={"lan0": "pcp = true\n"})
                   + '\n[firewall]\nbackend = "%s"\n' % backend)
    h1, h3 = lab.h1.address_in(house.prefix), lab.h3.address_in(house.prefix)
    for host in (lab.h1, lab.h3):
        host.serve(tcp=[8080, 8081])
    answer = ask(lab.h1, h1, request(h1, 8080))
    lab.check(answer and answer.code == SUCCESS and answer.address == h1, "a door of a guest: %s" % answer)
    lab.check(lab.net.tcp(h1, 8080) == "open", "the door that was promised is not open")
    lab.check(lab.net.tcp(h1, 8081, timeout=1) == "silent", "another port is open too")
    # Who may not ask is told by the rules, and nobody opens the other LAN's.
    try:
        asked = ask(lab.h3, h3, request(h3, 8080))
        lab.check(False, "LAN lan1 is not told that it may not ask: %s" % asked)
    except PermissionError:
        pass  # what ICMPv6 type 1 code 1 is to a program
    lab.check(lab.net.tcp(h3, 8080, timeout=1) == "silent", "a guest that did not ask is open")
    lab.check(ask(lab.h1, h1, request(h3, 8080)).code == ADDRESS_MISMATCH, "a guest speaks for another")
    lab.check(lab.h1.tcp(h3, 8080, timeout=1) != "open", "guests reach each other's LANs")
    final_checks(lab)


@limit(100)
def test_guests_open_doors_nft(lab):
    """nft: an isolated LAN's programs open doors where the configuration lets them, and nowhere else."""
    guests_ask(lab, "nft")


@limit(100)
def test_guests_open_doors_ip6tables(lab):
    """ip6tables-restore: the same."""
    guests_ask(lab, "ip6tables")


def stopped(lab, backend):
    house = asking_house(lab, backend, '[[pinhole]]\nhost = "%s"\nports = [8081]\n')
    h1 = lab.h1.address_in(house.prefix)
    for port, protocol in ((8080, TCP), (8082, UDP)):
        lab.check(ask(lab.h1, h1, request(h1, port, protocol=protocol)).code == SUCCESS, "door %d" % port)
    flow = UdpFlow(lab, lab.net, h1, 8082)
    lab.check(flow.answers() and lab.net.tcp(h1, 8080) == "open", "the doors are not open")
    # Its start is announced, too, over eight seconds.
    lab.until("its start is over", lambda: ask(lab.h1, h1, request(h1, 8080)).epoch >= 9, 20, every=1)
    hears = Announcements(lab, lab.h1)
    # Hosts are told that their router goes.
    lab.h1.ip("-6", "route", "add", "default", "via", lab.cpe.link_local("lan0"), "dev", "eth0", "metric", "4000")
    lab.check(house.sixgated.terminate() == 0, "it does not stop in peace")
    lab.check(lab.net.tcp(h1, 8080, timeout=1) == "silent", "a door is open, and nobody will ever shut it")
    lab.check(lab.net.udp(h1, 8082) != "open", "the door of UDP is")
    lab.check(flow.answers(), "what has come in is cut off")
    lab.check(lab.net.tcp(h1, 8081) == "open", "what the configuration opens is shut")
    house.sixgated.start()
    # That of TCP may come first: with its neighbour of the configuration it is one range, in the place of what was there.
    lab.until("the doors are open again", lambda: lab.net.tcp(h1, 8080, timeout=1) == "open"
              and UdpFlow(lab, lab.net, h1, 8082).answers(), 20)
    lab.check(flow.answers(), "what had come in is cut off")
    lab.check(not hears.heard(), "a loss is announced that did not happen")
    final_checks(lab)


@limit(100)
def test_doors_end_with_a_stop_nft(lab):
    """nft: a stop leaves the rules, but no door that a program asked for, whose time nobody would end; a start opens it."""
    stopped(lab, "nft")


@limit(100)
def test_doors_end_with_a_stop_ip6tables(lab):
    """ip6tables-restore: the same."""
    stopped(lab, "ip6tables")


@limit(150)
@proves("6887-01", "6887-03", "6887-04")
def test_port_control_refuses(lab):
    """What is no request, not the sender's own, or not from a LAN that may ask; and what clients hear of a loss."""
    house = asking_house(lab, "nft")
    h1, h3 = lab.h1.address_in(house.prefix), lab.h3.address_in(house.prefix)
    version = ask(lab.h1, h1, request(h1, 80, version=1))
    mismatch = ask(lab.h1, h1, request(h3, 80))
    local = lab.h1.link_local("eth0")
    lab.check(ask(lab.h1, local, request(local, 80)).code == NOT_AUTHORIZED, "a door for a link-local address")
    lab.check(ask(lab.h3, h3, request(h3, 80), timeout=0.5) is None, "LAN lan1 may ask without leave")
    party = option(1, octets(h3))
    asked = ask(lab.h1, h1, request(h1, 80, options=party))
    wan = lab.cpe.wait_address("2001:db8:0:1::/64", "wan0")
    outside = [ask(lab.net, SERVER, request(SERVER, 80), to=to, interface=None, timeout=0.5)
               for to in (wan, lab.cpe.wait_address(house.prefix, "lan0"))]
    lab.row("6887-04", asked.code == UNSUPP_OPTION and outside and not any(outside), "%s, %s" % (asked, outside))
    # A house that remembers nothing says so, from where it is asked; sixgated had been there for longer before.
    hears = Announcements(lab, lab.h1)
    router = lab.h1.default_routes()[0]["gateway"]
    house.sixgated.kill()
    house.sixgated.forget()
    since = time.time()
    house.sixgated.start()
    said = []
    lab.until("ff02::1 hears of it", lambda: said.extend(hears.heard()) or len(said) >= 3, 20)
    lab.check(all(one.opcode == 0x80 and one.code == SUCCESS and peer[0].split("%")[0] == router and peer[1] == 5351
                  for one, peer in said), "%s" % said)
    lab.until("h1 has an address of the new delegation", lambda: house.sixgated.delegations() and lab.h1.address_in(
        house.sixgated.delegations()[0]), 30)
    now = lab.h1.address_in(house.sixgated.delegations()[0])
    after = ask(lab.h1, now, bytes([2, 0, 0, 0]) + bytes(4) + octets(now))
    lab.row("6887-03", after.code == SUCCESS and after.epoch <= time.time() - since + 1
            and ask(lab.h1, now, request(now, 80)).code == SUCCESS
            and ask(lab.h1, now, request(now, 80, nonce=bytes(12))).code == NOT_AUTHORIZED, "%s" % after)
    check_not_malformed(lab)
    short = ask(lab.h1, now, bytes([2, 1, 0, 0]), timeout=0.5)  # malformed, as tshark says too
    lab.row("6887-01", version.code == UNSUPP_VERSION and version.raw[0] == 2 and mismatch.code == ADDRESS_MISMATCH
            and short is None, "%s, %s, %s" % (version, mismatch, short))
