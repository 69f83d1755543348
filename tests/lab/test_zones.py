# SPDX-License-Identifier: Apache-2.0
"""Protected and exposed LANs, as a server beyond the ISP and nmap see them, with both firewall backends."""
import time

from lab import OTHER_POOL, SERVER, require_tools
from peers import nmap
from scenario import final_checks, online, toml, wait_delegated, wait_online


def zones(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(each={"lan1": 'zone = "exposed"'}),
                   sixgated={"extra": ["--firewall", backend]},
                   server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})
    lab.check(house.sixgated.status()["firewall"]["backend"] == backend, house.sixgated.status().get("firewall"))
    for role in ("h1", "h2", "h3"):
        lab.roles[role].serve(tcp=[22, 8080], udp=[8081])
    lab.net.serve(tcp=[8090], udp=[8091])
    look(lab, house.prefix)
    # The doors stay as they are when the prefix changes under them.
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix)
    look(lab, house.prefix)
    # After kill -9 the rules stand, and after the restart too: there is no open moment.
    house.sixgated.kill()
    lab.check(lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) != "open", "open while the daemon is dead")
    house.sixgated.start()
    lab.until("the prefix is alive again", lambda: house.prefix in house.sixgated.delegations())
    look(lab, house.prefix)
    final_checks(lab)


def look(lab, prefix):
    h1, h2, h3 = (lab.roles[role].address_in(prefix) for role in ("h1", "h2", "h3"))
    for name, target in (("h1", h1), ("h2", h2)):
        lab.check(lab.net.tcp(target, 8080, timeout=1) != "open", "the server opens TCP to protected %s" % name)
        lab.check(lab.net.udp(target, 8081) != "open", "the server reaches UDP of protected %s" % name)
        lab.check(lab.net.ping(target), "the server cannot ping protected %s" % name)
    lab.check(lab.net.tcp(h3, 8080) == "open", "the server cannot open TCP to exposed h3")
    lab.check(lab.net.udp(h3, 8081) == "open", "the server does not reach UDP of exposed h3")
    lab.check(lab.net.ping(h3), "the server cannot ping exposed h3")
    seen = nmap(lab.net, h1, [22, 80, 8080])
    lab.check(seen is None or "open" not in seen.values(), "nmap sees on protected h1: %s" % seen)
    seen = nmap(lab.net, h3, [22, 8080])
    lab.check(seen and seen == {22: "open", 8080: "open"}, "nmap sees on exposed h3: %s" % seen)
    for name in ("h1", "h3"):
        lab.check(lab.roles[name].tcp(SERVER, 8090) == "open", "%s cannot open TCP to the server" % name)
        lab.check(lab.roles[name].udp(SERVER, 8091) == "open", "%s gets no UDP answer" % name)
    lab.check(lab.h1.tcp(h3, 8080) == "open", "protected h1 cannot open exposed h3")
    lab.check(lab.h3.tcp(h1, 8080, timeout=1) != "open", "exposed h3 opens protected h1")


def test_zones_with_nft(lab):
    """nft: protected is closed, exposed is open, through a renumbering and a kill -9."""
    zones(lab, "nft")


def test_zones_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    zones(lab, "ip6tables")
