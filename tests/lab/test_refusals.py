# SPDX-License-Identifier: Apache-2.0
"""Who is not let in hears so, late: RFC 6092 REC-34 for TCP, REC-39 for SCTP."""
import errno
import socket
import threading
import time

from lab import SERVER, limit, proves, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml
from test_firewall_transports import sctp
from wire import tcp_syn

CLOSED, DOOR, SILENT = 2222, 8080, 8081
MOST = 64  # that are waiting for their answer at a time


def house_of(lab, backend, more="", private=None):
    """A house with two doors; behind one of them is nobody who answers."""
    require_tools("nft", "ip6tables")
    lab.house()
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n%s\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = [%d, %d]\n' % (
        backend, more, lab.h1.mac("eth0"), DOOR, SILENT)), sixgated={"private": private})
    lab.h1.run("nft", "-f", lab.file("silent.nft", "table ip6 silent {\n chain input {\n type filter hook input"
                                     " priority 0\n tcp dport %d drop\n }\n}\n" % SILENT))
    lab.h1.serve(tcp=[DOOR])
    host = lab.h1.address_in(house.prefix)
    lab.until("the door is open", lambda: lab.net.tcp(host, DOOR, timeout=1) == "open", 20)
    return house, host


def try_to_connect(host, port, result):
    """Connects from where it runs, and notes the errno and how long it took."""
    started = time.monotonic()
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
        sock.settimeout(15)
        try:
            sock.connect((host, port))
            code = 0
        except TimeoutError:
            code = errno.ETIMEDOUT
        except OSError as problem:
            code = problem.errno
    result[port] = code, time.monotonic() - started


def refusals(lab, since):
    """ICMPv6 "administratively prohibited" that the router sent to the Internet: [(time, what is quoted)]"""
    return [(one.time, one.payload[8:]) for one in lab.wan.packets(since, match=lambda packet: packet.icmp == 1
                                                                   and packet.payload[1] == 1 and packet.checksum_good)]


def meet(lab, host, result):
    """Both ends connect to each other from and to the same ports; the host inside two seconds after the stranger."""
    def connect(own, other, wait):
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.settimeout(15)
            sock.bind(own)
            if wait:
                result["begun"].wait(10)
                time.sleep(2)  # what REC-34 is about: less than six seconds
            result["begun"].set()
            try:
                sock.connect(other)
                sock.sendall(b"met")
                return sock.recv(3)
            except OSError as problem:
                return problem
    ends = {"net": ((SERVER, 5601), (host, 5602), False), "h1": ((host, 5602), (SERVER, 5601), True)}
    result["begun"] = threading.Event()

    def end(role):
        result[role] = lab.roles[role].call(connect, *ends[role])
    return [threading.Thread(target=end, args=(role,)) for role in ends]


def send_init(host):
    octets = sctp(7001, 7002, 0, 1, 7)(SERVER, host, b"")[1]
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, 132) as sock:
        sock.sendto(octets, (host, 0))


def flood(host):
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, 6) as sock:
        for port in range(20000, 22000):
            sock.sendto(tcp_syn(SERVER, host, port, CLOSED), (host, 0))


def refused_late(lab, backend, private=None):
    house, host = house_of(lab, backend, private=private)
    since, told = time.time(), {}
    threads = meet(lab, host, told)
    for port in (CLOSED, DOOR, SILENT):
        threads.append(threading.Thread(target=lambda port=port: lab.net.call(try_to_connect, host, port, told)))
    for thread in threads:
        thread.start()
    lab.net.call(send_init, host)
    for thread in threads:
        thread.join()
    code, seconds = told[CLOSED]
    lab.row("6092-REC-34", code == errno.EACCES and 6 <= seconds < 13 and (told["net"], told["h1"]) == (b"met", b"met"),
            "after %.1f s: %s; who met: %s, %s" % (seconds, errno.errorcode.get(code), told["net"], told["h1"]))
    heard = refusals(lab, since)
    inits = [when for when, quoted in heard if quoted[6] == 132]
    lab.row("6092-REC-39", len(inits) == 1 and inits[0] >= since + 6, "%d errors about the INIT" % len(inits))
    lab.check(told[DOOR][0] == 0, "the door: %s" % (told[DOOR],))
    lab.check(told[SILENT][0] == errno.ETIMEDOUT, "where nobody answers, the router did: %s" % (told[SILENT],))
    ports = {int.from_bytes(quoted[42:44], "big") for _, quoted in heard if quoted[6] == 6}
    lab.check(ports == {CLOSED}, "errors about the ports %s" % ports)

    since = time.time()
    lab.net.call(flood, host)
    lab.until("the flood is answered", lambda: len(refusals(lab, since)) >= MOST, 15)
    lab.net.call(try_to_connect, host, DOOR, told)
    lab.check(told[DOOR][0] == 0, "after the flood the door is %s" % (told[DOOR],))
    lab.check(len(refusals(lab, since)) <= MOST, "%d errors for one flood" % len(refusals(lab, since)))
    lab.net.call(try_to_connect, host, CLOSED, told)
    lab.check(told[CLOSED][0] == errno.EACCES, "after the flood: %s" % (told[CLOSED],))
    final_checks(lab)


@limit(120)
@proves("6092-REC-34", "6092-REC-39")
def test_who_is_not_let_in_hears_so_late_nft(lab):
    refused_late(lab, "nft")


@limit(120)
@proves("6092-REC-34", "6092-REC-39")
def test_who_is_not_let_in_hears_so_late_ip6tables(lab):
    refused_late(lab, "ip6tables")


@limit(120)
@proves("6092-REC-34", "6092-REC-39")
def test_who_is_not_let_in_hears_so_late_ip6tables_legacy(lab):
    refused_late(lab, "ip6tables", LEGACY)


@limit(90)
def test_nobody_hears_anything_where_that_is_asked_for(lab):
    _, host = house_of(lab, "nft", "answer_refused = false")
    since, told = time.time(), {}
    lab.net.call(try_to_connect, host, CLOSED, told)
    lab.check(told[CLOSED][0] == errno.ETIMEDOUT, "silence was asked for: %s" % (told[CLOSED],))
    lab.check(not refusals(lab, since), "errors though silence was asked for")
    final_checks(lab)
