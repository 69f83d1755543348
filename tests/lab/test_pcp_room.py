# SPDX-License-Identifier: Apache-2.0
"""A LAN has room for so many doors of Port Control Protocol (RFC 6887): when it is full who has one keeps it, a stranger
hears NO_RESOURCES, and each of them all is a door that is really open, also after a crash of the daemon."""
import ipaddress
import itertools
import select
import socket
import time

from lab import SERVER, limit, require_tools
from scenario import final_checks, online, toml
from test_pcp import SUCCESS, TCP, Answer, ask, request
from wire import ipv6, tcp_syn

NO_RESOURCES = 8  # RFC 6887 section 7.4
MOST, HOSTS = 1024, 128  # of a LAN; so many addresses have as many doors each
FIRST, STATIONS = 0xd000, 32  # a host has no more than 64 by all its addresses
PORTS = range(8000, 8000 + MOST // HOSTS)
SHUT, SHORTEST = 7999, 120  # section 15: no mapping is shorter
GAP = 1 / 45  # those who are not known yet are heard 50 times a second
SOURCES = itertools.count(20000)  # ports that nothing was sent from


def device(address):
    """Where h1 has this one of its many."""
    number = int(ipaddress.IPv6Address(address)) - FIRST & 0xffff
    return "eth0" if number == HOSTS else "station%d" % (number % STATIONS)


def take_addresses(lab, host, prefix):
    """Makes many stations of the host, with as many addresses of its /64, and one more that is eth0's; returns them."""
    own = int(ipaddress.IPv6Address(host.address_in(prefix))) >> 64 << 64
    taken = [str(ipaddress.IPv6Address(own | FIRST + number)) for number in range(HOSTS + 1)]
    script = ""
    for number in range(STATIONS):
        script += "link add station%d link eth0 address %s type macvlan mode private\n" % (number, lab.new_mac())
        script += "link set station%d addrgenmode none up\nroute add fe80::/64 dev station%d metric %d\n" % (
            number, number, 1000 + number)
    for one in taken:
        script += "address add %s/64 dev %s nodad noprefixroute preferred_lft 0\n" % (one, device(one))
    host.run("ip", "-batch", "-", stdin=script)
    return taken


def ask_for_all(lab, wanted, timeout=150):
    """What is answered to requests of h1 for these (address, port), as {(address, port): Answer}; who hears nothing asks
    again. What is refused has no port."""
    router = lab.h1.default_routes()[0]["gateway"]

    def work():
        sockets, answers, end = {}, {}, time.monotonic() + timeout
        for address, _ in wanted:
            if address not in sockets:
                sockets[address] = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                sockets[address].bind((address, 0))
                sockets[address].connect((router, 5351, 0, socket.if_nametoindex(device(address))))

        def hear(seconds):
            ready, _, _ = select.select(list(sockets.values()), [], [], seconds)
            for sock in ready:
                answer = Answer(sock.recv(2048))
                answers[sock.getsockname()[0], answer.port if answer.code == SUCCESS else None] = answer
            return ready
        while time.monotonic() < end and (left := [one for one in wanted if one not in answers]):
            for address, port in left:
                sockets[address].send(request(address, port))
                sent = time.monotonic()
                while (rest := sent + GAP - time.monotonic()) > 0:
                    hear(rest)
            while hear(1):
                pass
        for sock in sockets.values():
            sock.close()
        return answers
    return lab.h1.call(work)


def let_in(lab, targets):
    """Which of these (address, port) the first segment of a connection from beyond the ISP comes to, by the wire of h1."""
    head = bytes.fromhex((lab.isp.mac("core0") + lab.net.mac("eth0")).replace(":", "")) + b"\x86\xdd"
    since = time.time()

    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind(("eth0", 0))
            for address, port in targets:
                sock.send(head + ipv6(SERVER, address, TCP, tcp_syn(SERVER, address, next(SOURCES), port)))
                time.sleep(0.001)  # no more than the queue of a veth takes
    lab.net.call(send)
    lab.net.wait_ping(targets[0][0])  # follows them on the same wires
    return {(one.destination, one.ports[1]) for one in lab.lan0.packets(since, match=lambda packet: (
        packet.proto == TCP and not packet.outgoing and packet.source == SERVER and packet.payload[13] == 2))}


def full_lan(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(lan="pcp = true\n") + '\n[firewall]\nbackend = "%s"\n' % backend)
    *addresses, stranger = take_addresses(lab, lab.h1, house.prefix)
    lab.h1.serve(tcp=[PORTS[0], PORTS[1], SHUT])
    doors = [(address, port) for port in PORTS for address in addresses]
    shut = [(address, SHUT) for address in addresses] + [(stranger, PORTS[0])]
    lab.check(not let_in(lab, doors + shut), "open before anybody asked")
    answers = ask_for_all(lab, doors)
    lacking = [(one, answers.get((one[0], None))) for one in doors if one not in answers]
    lab.check(not lacking, "%d doors are lacking: %s" % (len(lacking), lacking[:3]))

    def known():
        return {(one["host"], one["port"]) for one in house.sixgated.lan("lan0").get("mappings", [])}
    lab.check(known() == set(doors), "status has %d doors" % len(known()))

    def refused(address, port):
        answer = ask(lab.h1, address, request(address, port), device(address), timeout=10)
        # A short-lifetime error (section 7.4).
        return answer and answer.code == NO_RESOURCES and 0 < answer.lifetime <= 60 or lab.fail("room for more: %s" % answer)

    def granted(address, port, lifetime=3600):
        answer = ask(lab.h1, address, request(address, port, lifetime), device(address), timeout=10)
        lab.check(answer and answer.code == SUCCESS, "%s port %d for %d s: %s" % (address, port, lifetime, answer))
        return answer
    # Neither a host that has none nor one that has some gets another, and what is refused is shut.
    refused(stranger, PORTS[0])
    refused(addresses[5], SHUT)
    seen = let_in(lab, doors + shut)
    lab.check(seen == set(doors), "shut: %s, open: %s" % (sorted(set(doors) - seen)[:5], sorted(seen - set(doors))[:5]))
    for target, wanted in ((doors[7], "open"), (doors[HOSTS + 7], "open"), (doors[-1], "refused"), (shut[7], "silent")):
        lab.check(lab.net.tcp(*target, timeout=2) == wanted, "%s is not %s" % (target, wanted))
    # The other LAN has room of its own.
    h3 = lab.h3.address_in(house.prefix)
    other = ask(lab.h3, h3, request(h3, PORTS[0]))
    lab.check(other and other.code == SUCCESS, "a door of the other LAN: %s" % other)
    # Who has a door keeps it, for longer or shorter if it asks.
    soon, asked = doors[0], time.time()
    lab.check(granted(*soon, SHORTEST).lifetime <= SHORTEST, "the first door is there for longer")
    for one in (doors[1], doors[600], doors[-1]):
        lab.check(granted(*one, 5400).lifetime > 3600, "not renewed: %s" % (one,))
    refused(stranger, PORTS[0])
    # One that is closed makes room for one.
    granted(*doors[2], 0)
    lab.check(lab.net.tcp(*doors[2], timeout=1) == "silent", "closed, and open all the same")
    granted(stranger, PORTS[0])
    lab.check(lab.net.tcp(stranger, PORTS[0]) == "open", "the door of who came last is shut")
    refused(*doors[2])
    now = set(doors) - {doors[2]} | {(stranger, PORTS[0])}
    # A crash of the daemon opens and shuts none of them.
    house.sixgated.kill()
    lab.check(let_in(lab, doors + shut) == now, "other doors are open while the daemon is dead")
    house.sixgated.start()
    lab.until("the new run knows of all doors", lambda: known() == now, 20)
    lab.until("its rules are in place", lambda: house.sixgated.status()["firewall"]["applied"], 20)
    seen = let_in(lab, doors + shut)
    lab.check(seen == now, "the new run shut %s, opened %s" % (sorted(now - seen)[:5], sorted(seen - now)[:5]))
    refused(*doors[2])
    # One whose time is over, too.
    print("%s: %d s to the restart's end" % (backend, time.time() - asked))
    lab.until("the first door is shut when its time is over", lambda: lab.net.tcp(*soon, timeout=1) == "silent",
              asked + SHORTEST + 10 - time.time())
    lab.check(time.time() > asked + SHORTEST - 1, "it was shut early")
    granted(*doors[2])
    refused(*soon)
    now = now - {soon} | {doors[2]}
    lab.until("it is in the rules", lambda: lab.net.tcp(*doors[2], timeout=1) == "open", 10)
    lab.check(known() == now and let_in(lab, doors + shut) == now, "other doors in the end")
    counted = house.sixgated.lan("lan0")["counters"]
    lab.check(counted["pcp_no_resources"] == 2 and counted["pcp_user_ex_quota"] == 0, counted)  # since the restart
    final_checks(lab, judge=False)  # thousands of connections that never were


@limit(400)
def test_pcp_room_of_a_lan_nft(lab):
    """nft: 1,024 doors of 128 addresses, and who asks for one more."""
    full_lan(lab, "nft")


@limit(400)
def test_pcp_room_of_a_lan_ip6tables(lab):
    """ip6tables-restore: the same."""
    full_lan(lab, "ip6tables")
