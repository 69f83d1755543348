# SPDX-License-Identifier: Apache-2.0
"""How far a promise of Port Control Protocol goes: until the prefix goes, of which clients hear, and to so many doors of
one host, which leave others theirs."""
import socket
import threading
import time

from lab import ACCESS, OTHER_POOL, limit, require_tools
from peers import Sixgated
from scenario import final_checks, online, toml, wait_delegated, wait_online
from test_pcp import NOT_AUTHORIZED, SUCCESS, TCP, UDP, Announcements, ask, octets, request

NETWORK_FAILURE, USER_EX_QUOTA = 7, 10  # RFC 6887 section 7.4
MOST = 64  # README.md: what one host has at most


def house_that_asks(lab, backend):
    """As that of test_pcp, with a provider that is asked often."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(each={"lan0": "pcp = true\n"}) + '\n[firewall]\nbackend = "%s"\n' % backend,
                   server_options={"renew": 6, "rebind": 9, "preferred": 600, "valid": 1200})
    lab.h1.serve(tcp=[8080, 8081])
    lab.h2.serve(tcp=[8080])
    return house


def listed(sixgated):
    """Which doors there are."""
    return {(one["host"], one["protocol"], one.get("port")) for one in sixgated.lan("lan0").get("mappings", [])}


def epoch(lab, source):
    """For how many seconds nothing was lost, as the router tells it to h1."""
    return ask(lab.h1, source, bytes([2, 0, 0, 0]) + bytes(4) + octets(source)).epoch  # ANNOUNCE: section 14.1


def renumbered(lab, backend):
    house = house_that_asks(lab, backend)
    old = lab.h1.address_in(house.prefix)
    # Its start is announced, too, over eight seconds.
    lab.until("its start is over", lambda: epoch(lab, old) >= 9, 20, every=1)
    hears, elsewhere = Announcements(lab, lab.h1), Announcements(lab, lab.h3)
    router = lab.h1.default_routes()[0]["gateway"]
    first = ask(lab.h1, old, request(old, 8080))
    lab.check(first and first.code == SUCCESS and first.address == old, "a door: %s" % first)
    # It is there for no longer than its prefix, which its host could not keep longer either.
    lab.check(first.lifetime <= 1200, "promised beyond the prefix: %s" % first)
    lab.until("the door is open", lambda: lab.net.tcp(old, 8080, timeout=1) == "open", 10)
    # A renewal that gives what there was is no loss.
    lab.wan.wait_dhcp("Reply", timeout=10, since=time.time())
    lab.check(not hears.heard(1), "a loss is announced, and nothing is lost")
    lab.check(listed(house.sixgated) == {(old, TCP, 8080)}, listed(house.sixgated))

    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    said = []
    lab.until("ff02::1 hears of it", lambda: said.extend(hears.heard()) or len(said) >= 3, 15)
    handed = next(one.time for one in lab.wan.dhcp("Reply", since)
                  if any(new == prefix for prefix, *_ in one.delegated()))
    lab.check(all(one.opcode == 0x80 and one.code == SUCCESS and peer[0].split("%")[0] == router and peer[1] == 5351
                  and one.epoch <= time.time() - handed + 1 for one, peer in said), said)
    lab.check(not elsewhere.heard(), "a LAN that may not ask is told, too")
    wait_online(lab, new)
    lab.check(not listed(house.sixgated), "kept: %s" % listed(house.sixgated))
    # Who asks from there again gets none.
    lab.h1.ip("address", "replace", old + "/64", "dev", "eth0", "nodad")
    try:
        lost = ask(lab.h1, old, request(old, 8080))
    except PermissionError:  # what ICMPv6 type 1 code 5 is to a program: it is no source here any more
        lost = None
    lab.check(lost is None or lost.code == NETWORK_FAILURE, "a door of the old prefix: %s" % lost)
    own = lab.h1.address_in(new)
    lab.check(lab.net.tcp(own, 8080, timeout=1) == "silent", "open before anybody asked for it here")
    # Nobody is bound by the nonce of what is gone.
    again = ask(lab.h1, own, request(own, 8080, nonce=bytes(12)))
    lab.check(again and again.code == SUCCESS and again.address == own and again.epoch <= time.time() - handed + 1,
              "asked again: %s" % again)
    lab.check(lab.net.tcp(own, 8080) == "open" and lab.net.tcp(own, 8081, timeout=1) == "silent", "the new door")
    lab.isp.ip("-6", "route", "replace", house.prefix, "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    since = time.time()
    lab.check(lab.net.tcp(old, 8080, timeout=1) != "open", "open at the old address")
    lab.check(lab.wan.packets(since, match=lambda one: one.outgoing and one.destination == old), "the router was not asked")
    lab.check(listed(house.sixgated) == {(own, TCP, 8080)}, listed(house.sixgated))
    final_checks(lab)


@limit(120)
def test_pcp_clients_hear_of_a_renumbering_nft(lab):
    """nft: the door goes with its prefix, clients are told to ask again (RFC 6887 section 8.5), and who does has it anew."""
    renumbered(lab, "nft")


@limit(120)
def test_pcp_clients_hear_of_a_renumbering_ip6tables(lab):
    """ip6tables-restore: the same."""
    renumbered(lab, "ip6tables")


def beside(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house()
    first, second = "2001:db8:1234::/48", "2001:db8:5678::/48"
    for prefix in (first, second):
        lab.isp.ip("-6", "route", "add", prefix, "via", ACCESS.replace("::/64", "::2"))

    def config(*prefixes):
        return toml(top='[firewall]\nbackend = "%s"\n' % backend, each={"lan0": "pcp = true\n"},
                    uplink='mode = "static"\nprefixes = [%s]\naddress = "%s"\ngateway = "%s"\n' % (
                        ", ".join('"%s"' % one for one in prefixes), ACCESS.replace("::/64", "::2/64"),
                        lab.isp.link_local("isp0")))
    sixgated = Sixgated(lab, config=config(first)).start()
    wait_online(lab, first)
    lab.h1.serve(tcp=[8080])
    old = lab.h1.address_in(first)
    lab.check(ask(lab.h1, old, request(old, 8080)).code == SUCCESS, "a door of the first")
    lab.until("its start is over", lambda: epoch(lab, old) >= 9, 20, every=1)
    hears = Announcements(lab, lab.h1)

    sixgated.write(config(first, second))
    sixgated.reload()
    wait_online(lab, second)
    new = lab.h1.address_in(second)
    lab.check(lab.net.tcp(old, 8080) == "open" and listed(sixgated) == {(old, TCP, 8080)}, listed(sixgated))
    lab.check(lab.net.tcp(new, 8080, timeout=1) == "silent", "nobody asked for a door of the second")
    answer = ask(lab.h1, new, request(new, 8080))
    lab.check(answer.code == SUCCESS and answer.address == new and answer.epoch >= 9, "a door of the second: %s" % answer)
    lab.check(lab.net.tcp(new, 8080) == "open", "the door of the second is shut")
    lab.check(not hears.heard(), "a loss is announced, and nothing is lost")

    since = time.time()
    sixgated.write(config(second))
    sixgated.reload()
    said = []
    lab.until("ff02::1 hears of it", lambda: said.extend(hears.heard()) or said, 15)
    lab.check(all(one.epoch <= time.time() - since + 1 for one, _ in said), said)
    lab.check(listed(sixgated) == {(new, TCP, 8080)}, listed(sixgated))
    lab.check(lab.net.tcp(new, 8080) == "open", "the door of the second went with that of the first")
    lab.check(lab.net.tcp(old, 8080, timeout=1) != "open", "the door of the first is still open")
    renewed = ask(lab.h1, new, request(new, 8080))
    lab.check(renewed.code == SUCCESS and renewed.epoch <= time.time() - since + 1, "asked again: %s" % renewed)
    lab.check(ask(lab.h1, new, request(new, 8080, nonce=bytes(12))).code == NOT_AUTHORIZED, "its nonce is forgotten")
    final_checks(lab)


@limit(100)
def test_pcp_doors_of_two_prefixes_nft(lab):
    """nft: a prefix that comes takes no door away, one that goes takes its own alone, and clients hear of the latter."""
    beside(lab, "nft")


@limit(100)
def test_pcp_doors_of_two_prefixes_ip6tables(lab):
    """ip6tables-restore: the same."""
    beside(lab, "ip6tables")


def doors_of_one_host(lab, backend):
    house = house_that_asks(lab, backend)
    h1, h2 = lab.h1.address_in(house.prefix), lab.h2.address_in(house.prefix)
    wanted = [(TCP, 8080 + number) for number in range(MOST // 2)] + [(UDP, 9000 + number) for number in range(MOST // 2)]
    for number, (protocol, port) in enumerate(wanted):
        answer = ask(lab.h1, h1, request(h1, port, protocol=protocol))
        lab.check(answer and answer.code == SUCCESS and answer.port == port, "door %d: %s" % (number + 1, answer))
    lab.check(listed(house.sixgated) == {(h1, *one) for one in wanted}, listed(house.sixgated))
    lab.h1.serve(tcp=[7070])
    over = ask(lab.h1, h1, request(h1, 7070))
    # A short-lifetime error (section 7.4): it may be otherwise in half a minute.
    lab.check(over and over.code == USER_EX_QUOTA and 0 < over.lifetime <= 60, "door %d: %s" % (MOST + 1, over))
    lab.check(lab.net.tcp(h1, 7070, timeout=1) == "silent", "refused, and open all the same")
    lab.check(lab.net.tcp(h1, 8080) == "open", "the first is shut")
    lab.check(len(listed(house.sixgated)) == MOST, listed(house.sixgated))
    # Nor as another, by a further address; for its first words there a host is a stranger, until the answer finds it.
    further = h1.rsplit(":", 1)[0] + ":6464"
    lab.h1.ip("address", "add", further + "/64", "dev", "eth0", "nodad")
    lab.h1.ping(lab.cpe.wait_address(house.prefix, "lan0"), source=further, check=True)
    lab.until("whose it is is known", lambda: further in lab.cpe.ip(
        "-6", "neighbor", "show", "dev", "lan0"), 10)
    over = ask(lab.h1, further, request(further, 7070))
    lab.check(over and over.code == USER_EX_QUOTA, "by another address: %s" % over)
    other = ask(lab.h2, h2, request(h2, 8080))
    lab.check(other and other.code == SUCCESS and lab.net.tcp(h2, 8080) == "open", "another host's: %s" % other)
    # What it has it may keep, and what it gives up makes room.
    renewed = ask(lab.h1, h1, request(h1, 8081, 7200))
    lab.check(renewed.code == SUCCESS, "renewed: %s" % renewed)
    lab.check(ask(lab.h1, h1, request(h1, 7070)).code == USER_EX_QUOTA, "a renewal made room")
    lab.check(ask(lab.h1, h1, request(h1, 8080, 0)).code == SUCCESS, "closing the first")
    after = ask(lab.h1, h1, request(h1, 7070))
    lab.check(after.code == SUCCESS and lab.net.tcp(h1, 7070) == "open", "after one was closed: %s" % after)
    lab.check(lab.net.tcp(h1, 8080, timeout=1) == "silent", "closed, and open all the same")
    counted = house.sixgated.lan("lan0")["counters"]
    lab.check(counted["pcp_user_ex_quota"] == 3, counted)
    final_checks(lab)


@limit(120)
def test_pcp_doors_of_one_host_nft(lab):
    """nft: a host has 64 doors and no more, by however many addresses; it renews and closes them, others get theirs."""
    doors_of_one_host(lab, "nft")


@limit(120)
def test_pcp_doors_of_one_host_ip6tables(lab):
    """ip6tables-restore: the same."""
    doors_of_one_host(lab, "ip6tables")


@limit(100)
def test_pcp_flood_of_one_host(lab):
    """Who asks too often is not answered, and another host of the LAN renews what it has all the same."""
    house = house_that_asks(lab, "nft")
    h1, h2 = lab.h1.address_in(house.prefix), lab.h2.address_in(house.prefix)
    for host, own in ((lab.h1, h1), (lab.h2, h2)):
        lab.check(ask(host, own, request(own, 8080)).code == SUCCESS, "a door of %s" % own)
        lab.until("whose it is is known", lambda own=own: own in lab.cpe.ip("-6", "neighbor", "show", "dev", "lan0"), 10)
    router = lab.h1.default_routes()[0]["gateway"]

    def renew(own, times):
        """How often it is answered that renews so often."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind((own, 0))
            sock.connect((router, 5351, 0, socket.if_nametoindex("eth0")))
            sock.settimeout(1)
            for _ in range(times):
                sock.send(request(own, 8080))
                time.sleep(0.0005)  # no more at a time than the router's socket holds
            answered = 0
            try:
                while answered < times:
                    sock.recv(2048)
                    answered += 1
            except TimeoutError:
                pass
            return answered
    flood = threading.Thread(target=lab.h1.call, args=(renew, h1, 6000))
    flood.start()
    lab.until("it is too much", lambda: house.sixgated.lan("lan0")["counters"]["pcp_too_often"] > 100, 20)
    answered = lab.h2.call(renew, h2, 40)
    flood.join()
    lab.check(answered == 40, "h2 is answered %d times of 40" % answered)
    lab.check(listed(house.sixgated) == {(h1, TCP, 8080), (h2, TCP, 8080)}, listed(house.sixgated))
    final_checks(lab)
