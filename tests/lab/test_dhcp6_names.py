# SPDX-License-Identifier: Apache-2.0
"""What hosts are called: names from DHCPv6 clients and from registered addresses, and a resolver that reads them."""
import os
import socket
import struct

from dhcp_clients import Dhclient
from lab import limit, proves, require_tools
from peers import DhcpcdHost, Sixgated
from scenario import build, final_checks, toml, wait_delegated
from test_dhcp6_server import leases
from wire import dhcp_options


def option(code, body):
    return struct.pack("!HH", code, len(body)) + body


def dns_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def query(server, name, kind):
    """What a resolver answers; from the namespace that this is called in."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.connect((server, 53))
        sock.send(struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + dns_name(name) + struct.pack("!HH", kind, 1))
        return sock.recv(2048)


def reverse(address):
    """The name of an address (RFC 3596 section 2.5)."""
    return ".".join(reversed(socket.inet_pton(socket.AF_INET6, address).hex())) + ".ip6.arpa"


def aaaa(namespace, server, name):
    """The IPv6 addresses that a resolver knows of a name."""
    def work():
        answer = query(server, name, 28)
        count, at = struct.unpack_from("!H", answer, 6)[0], 12 + len(dns_name(name)) + 4
        found = []
        for _ in range(count):
            size = struct.unpack_from("!H", answer, at + 10)[0]  # the name is a pointer of two octets
            found.append(socket.inet_ntop(socket.AF_INET6, answer[at + 12:at + 12 + size]))
            at += 12 + size
        return found
    try:
        return namespace.call(work)
    except (TimeoutError, ConnectionRefusedError):
        return []


def register(host, address, name, valid):
    """ADDR-REG-INFORM from the address itself; returns (options of the answer, the IA Address that was sent)."""
    registered = socket.inet_pton(socket.AF_INET6, address) + struct.pack("!II", valid // 2, valid)
    message = (bytes([36, 0xab, 0xcd, 0xef]) + option(1, b"\0\3\0\1" + bytes.fromhex(host.mac("eth0").replace(":", "")))
               + option(5, registered) + option(39, b"\1" + dns_name(name)))

    def work():
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            sock.bind((address, 546))
            for _ in range(4):  # section 4.5: sent again after a second, three times
                try:
                    sock.sendto(message, ("ff02::1:2", 547, 0, socket.if_nametoindex("eth0")))
                    return sock.recv(2048)
                except TimeoutError:
                    pass
            raise TimeoutError("no ADDR-REG-REPLY")
    answer = host.call(work)
    assert answer[:4] == bytes([37, 0xab, 0xcd, 0xef]), answer
    return dhcp_options(answer[4:]), registered


@limit(120)
@proves("8415-S-36", "9686-04", "9686-07")
def test_names(lab):
    """dhclient has what is reserved for its MAC address, dhcpcd says its name, a host without DHCPv6 registers itself:
    dnsmasq answers AAAA for all of them."""
    require_tools("dnsmasq")
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    house = build(lab)
    directory = lab.fresh_directory("hosts")
    config = toml(top='[[reservation]]\nmac = "%s"\nsuffix = "::77"\nname = "desk"\n' % lab.h1.mac("eth0"),
                  lan='addressing = "slaac+dhcpv6"\ndomain = "home.arpa"\n',
                  each={lan: 'hosts_file = "%s"\n' % os.path.join(directory, lan) for lan in ("lan0", "lan1")})
    house.sixgated = Sixgated(lab, config=config).start()
    house.prefix = wait_delegated(lab)
    for host in (lab.h1, lab.h2, lab.h3):
        host.wait_default_route()
    os.chmod(lab.short, 0o755)
    os.chmod(directory, 0o755)
    lab.cpe.start("dnsmasq", ["dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--hostsdir=" + directory,
                              "--listen-address=::1", "--bind-interfaces", "-u", "root", "--pid-file="])
    Dhclient(lab, lab.h1, ask=["-N"], conf='send fqdn.fqdn "laptop";\nsend fqdn.server-update on;\n').start()
    DhcpcdHost(lab, lab.h2).start("ipv6only\nnoipv4\nslaac hwaddr\nhostname printer\nfqdn both\n"
                                  "interface eth0\nia_na 1\n")
    lab.until("dnsmasq knows desk", lambda: any(one.endswith("::77") for one in aaaa(lab.cpe, "::1", "desk.home.arpa")), 40)
    lab.until("dnsmasq knows printer", lambda: aaaa(lab.cpe, "::1", "printer.home.arpa"), 30)
    reply = lab.lan0.wait_dhcp("Reply", lambda one: one.packet.ether_destination == lab.h1.mac("eth0")
                               and any(ia.addresses for ia in one.addresses))
    told = reply.option(39)
    lab.row("8415-S-36", told is not None and told[1:] == dns_name("desk.home.arpa"), told)
    address = lab.h3.wait_address(house.prefix)
    options, registered = register(lab.h3, address, "camera", 600)
    lab.row("9686-04", (5, registered) in options, options)
    lab.until("dnsmasq knows camera", lambda: aaaa(lab.cpe, "::1", "camera.home.arpa") == [address], 10)
    lab.check(any(one["type"] == "registered" and one["leases"] == [address] for one in leases(house.sixgated)),
              leases(house.sixgated))
    house.sixgated.kill()
    house.sixgated.start()
    lab.check(any(one["leases"] == [address] for one in leases(house.sixgated)), "forgotten over kill -9")
    register(lab.h3, address, "camera", 0)
    lab.until("dnsmasq knows camera no more", lambda: not aaaa(lab.cpe, "::1", "camera.home.arpa"), 10)
    lab.row("9686-07", not any(one["leases"] == [address] for one in leases(house.sixgated)), leases(house.sixgated))
    text = house.sixgated.cli_run("leases").stdout
    lab.check("desk" in text and "printer" in text, text)
    # The address that h1 made itself, once it has spoken with us.
    made = lab.h1.address_in(house.prefix)
    lab.h1.wait_ping(lab.cpe.wait_address(house.prefix, "lan0"), source=made)
    lab.until("dnsmasq knows desk by its own address too", lambda: made in aaaa(lab.cpe, "::1", "desk.home.arpa"), 20)
    # Debian's tshark does not know RFC 9686, and allows no name in messages it does not know.
    lab.injected.update(one.raw for one in lab.lan1.packets() if one.ports == (546, 547) and one.payload[8] == 36)
    final_checks(lab)


UNBOUND = """server:
  interface: ::1
  access-control: ::1 allow
  do-daemonize: no
  use-syslog: no
  chroot: ""
  username: ""
  directory: "%(directory)s"
  pidfile: "%(directory)s/pid"
  module-config: "iterator"
  local-zone: "home.arpa." static
  include: "%(directory)s/*.conf"
"""


@limit(90)
def test_names_for_unbound(lab):
    """unbound reads its own form of the file, and hosts_hook has it read what is new: both ways, and no more when it is over."""
    require_tools("unbound")
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab)
    directory = lab.fresh_directory("unbound")
    reload = lab.file("reload", "#!/bin/sh\n[ -f %s/pid ] && kill -HUP $(cat %s/pid)\necho told of $#\n"
                      % (directory, directory), mode=0o755)
    config = toml(top='hosts_hook = "%s"\n[[reservation]]\nmac = "%s"\nsuffix = "::77"\nname = "desk"\n'
                  % (reload, lab.h1.mac("eth0")),
                  lan='addressing = "slaac+dhcpv6"\ndomain = "home.arpa"\nhosts_format = "unbound"\n',
                  each={lan: 'hosts_file = "%s/%s.conf"\n' % (directory, lan) for lan in ("lan0", "lan1")})
    house.sixgated = Sixgated(lab, config=config).start()
    house.prefix = wait_delegated(lab)
    lab.h1.wait_default_route()
    unbound = lab.cpe.start("unbound", ["unbound", "-d", "-c", lab.file("unbound.conf", UNBOUND % {"directory": directory})])
    unbound.wait_log("start of service")
    Dhclient(lab, lab.h1, ask=["-N"]).start()

    def known():
        return [one for one in aaaa(lab.cpe, "::1", "desk.home.arpa") if one.endswith("::77")]
    lab.until("unbound knows desk", known, 20)
    address = known()[0]

    def by_address():
        try:
            told = lab.cpe.call(lambda: query("::1", reverse(address), 12))
        except TimeoutError:  # it reads its files again
            return False
        return dns_name("desk.home")[:-1] in told  # "arpa" is said once in a message
    lab.until("it is known by its address", by_address)
    house.sixgated.process.wait_log("told of 1", 10)
    done = house.sixgated.cli_run("lease", "release", "desk")
    lab.check(done.returncode == 0, done.stderr)
    lab.until("unbound knows desk no more", lambda: not known(), 10)
    final_checks(lab)


def registered_where_kept_apart(lab, backend):
    """Who may not reach the router's services may tell it of its addresses all the same."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house({"lan0": ["h1"], "lan1": ["h3"], "lan2": ["h4"]})
    house = build(lab)
    zones = {"lan0": "isolated", "lan1": "exposed", "lan2": "closed"}
    house.sixgated = Sixgated(lab, config=toml(
        top='[firewall]\nbackend = "%s"\n' % backend, lans=zones,
        each={lan: 'zone = "%s"\n' % zone for lan, zone in zones.items()})).start()
    prefix, told = wait_delegated(lab), set()
    for role in ("h1", "h3", "h4"):
        address = lab.roles[role].wait_address(prefix)
        register(lab.roles[role], address, "camera", 600)
        told.add(address)
    known = {lease for one in leases(house.sixgated) if one["type"] == "registered" for lease in one["leases"]}
    lab.check({one.split("/")[0] for one in known} == told, "%s, told %s" % (known, told))
    final_checks(lab, judge=False)  # tshark knows no RFC 9686


@limit(60)
def test_registration_on_lans_kept_apart_nft(lab):
    """nft: an isolated, an exposed and a closed LAN."""
    registered_where_kept_apart(lab, "nft")


@limit(60)
def test_registration_on_lans_kept_apart_ip6tables(lab):
    """ip6tables: the same."""
    registered_where_kept_apart(lab, "ip6tables")
