# SPDX-License-Identifier: Apache-2.0
"""The resolvers that hosts are told of answer them (RFC 8106 section 5.1): the provider's while it is there, and a resolver
of the house always."""
from lab import SERVER, limit, proves, require_tools
from peers import Sixgated
from scenario import build, final_checks, toml, wait_online, wait_delegated
from test_dhcp6_names import aaaa

ULA, RESOLVER = "fd12:3456:789a::/48", "fd12:3456:789a::1"
OURS, THEIRS = "2001:db8:77::7", "2001:db8:77::8"


def resolver(lab, namespace, name, address):
    """dnsmasq that knows one name."""
    namespace.start("dnsmasq-" + namespace.role, [
        "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--host-record=%s,%s" % (name, address),
        "--bind-dynamic", "-u", "root", "--pid-file="])


@limit(120)
@proves("8106-05")
def test_no_dead_resolver_is_advertised(lab):
    """lan0 is told the house's own resolver, lan1 the provider's. The first answers before there is a provider, with it,
    and when it has gone; the second while it is there."""
    require_tools("dnsmasq")
    lab.house()
    house = build(lab, start_server=False, start_ra=False, server_options={"dns": SERVER})
    resolver(lab, lab.cpe, "printer.home.arpa", OURS)
    resolver(lab, lab.net, "www.example.org", THEIRS)
    house.sixgated = Sixgated(lab, config=toml(top='[ula]\nprefix = "%s"\n' % ULA,
                                               each={"lan0": 'dns = ["%s"]\n' % RESOLVER})).start()

    def told(wire):
        last = [ra for ra in wire.ras() if ra.link_layer == lab.cpe.mac(wire is lab.lan0 and "lan0" or "lan1")][-1]
        return [address for address, lifetime in last.rdnss if lifetime]

    def answers(host, name):
        servers = told(lab.lan0 if host is lab.h1 else lab.lan1)
        return servers and all(aaaa(host, server, name) for server in servers)
    lab.lan0.wait_ra("a resolver", lambda ra: [one for one, _ in ra.rdnss] == [RESOLVER])
    lab.h1.wait_address(ULA)
    lab.until("it answers without a provider", lambda: answers(lab.h1, "printer.home.arpa"), 20)
    lab.check(not told(lab.lan1), "a resolver of nobody: %s" % told(lab.lan1))
    house.radvd.start()
    house.server.start()
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix)
    lab.until("the provider's answers", lambda: answers(lab.h3, "www.example.org"), 20)
    with_provider = lab.until("so do ours", lambda: answers(lab.h1, "printer.home.arpa"), 20)
    since = lab.lan0.ras()[-1].time + 0.001
    lab.isp.ip("link", "set", "isp0", "down")
    lab.lan0.wait_ra("no way out", lambda ra: not ra.lifetime, timeout=10, since=since)
    lab.until("it goes on to answer", lambda: answers(lab.h1, "printer.home.arpa"), 20)
    lab.row("8106-05", with_provider and told(lab.lan0) == [RESOLVER],
            told(lab.lan0))
    final_checks(lab)
