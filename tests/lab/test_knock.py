# SPDX-License-Identifier: Apache-2.0
"""The IPsec knock. This kernel has no AH, so the tunnel itself ends in a refusal that is told; what the firewall makes of packets
that came out of one is seen with packets of one sender marked as the kernel would mark them."""
import os
import re
import time

from lab import OTHER_POOL, SERVER, require_tools
from scenario import final_checks, online, toml, wait_delegated, wait_online

MARK = 0x6A7E0000
KNOCKER = "2001:db8:9::7"  # a second address of the server beyond the ISP
LANS = {"lan0": ["h1"], "lan1": ["h3"], "guest0": ["h5"]}


def knock(lab, **more):
    path = lab.file("knock.key", "5a" * 32 + "\n", 0o600)
    keys = {"spi": "0x5150", "key_file": '"%s"' % path, **more}
    return path, "\n[ipsec_knock]\n" + "".join("%s = %s\n" % pair for pair in keys.items())


def policies(lab):
    return lab.cpe.ip("xfrm", "policy", "list", "dir", "fwd")


def attempts(lab, prefix):
    """What the knocker and an ordinary sender can open."""
    h1, h3, h5 = (lab.roles[role].address_in(prefix) for role in ("h1", "h3", "h5"))
    return {(who, target): lab.net.tcp(address, 8080, 1, source=source)
            for who, source in (("knocker", KNOCKER), ("other", SERVER))
            for target, address in (("protected", h1), ("other protected", h3), ("guest", h5))}


def through_a_renumbering(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore", "ip")
    lab.house(LANS)
    path, stanza = knock(lab, lans='["lan0", "guest0"]')
    house = online(lab, config=toml(lans=LANS, each={"guest0": 'zone = "isolated"'}) + stanza, hosts=("h1", "h3", "h5"),
                   sixgated={"extra": ["--firewall", backend]},
                   server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})
    lab.net.ip("-6", "addr", "add", KNOCKER + "/128", "dev", "lo")
    lab.isp.ip("-6", "route", "add", KNOCKER + "/128", "via", SERVER)
    for role in ("h1", "h3", "h5"):
        lab.roles[role].serve(tcp=[8080])
    wanted = {("knocker", "protected"): "open", ("knocker", "other protected"): "silent", ("knocker", "guest"): "open",
              ("other", "protected"): "silent", ("other", "other protected"): "silent", ("other", "guest"): "silent"}
    closed = dict.fromkeys(wanted, "silent")
    found = attempts(lab, house.prefix)
    lab.check(found == closed, "without a mark something is open: %s" % found)
    # As the kernel marks what it took out of the tunnel, before any chain sees it.
    lab.cpe.run("nft", "-f", "-", stdin="table ip6 decapsulation { chain marks { type filter hook prerouting priority -500; "
                "ip6 saddr %s meta mark set %d; }; }\n" % (KNOCKER, MARK))
    found = attempts(lab, house.prefix)
    lab.check(found == wanted, "with the mark: %s" % found)
    for part in ("src ::/0 dst %s" % house.prefix, "dir fwd", "proto ah reqid 16600 mode tunnel", "level use"):
        lab.check(part in policies(lab), "%s is not in %s" % (part, policies(lab)))
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    old, house.prefix = house.prefix, wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix, ("h1", "h3", "h5"))
    found = attempts(lab, house.prefix)
    lab.check(found == wanted, "with the mark, under the new prefix: %s" % found)
    lab.until("the policy moves with the prefix", lambda: house.prefix in policies(lab) and old not in policies(lab), timeout=200)
    lab.cpe.run("nft", "delete", "table", "ip6", "decapsulation")
    found = attempts(lab, house.prefix)
    lab.check(found == closed, "the mark is gone, and something is open: %s" % found)
    final_checks(lab)


def test_knock_with_nft(lab):
    """nft: the mark opens the named LANs to their protected and isolated hosts, nothing else does, also under another prefix."""
    through_a_renumbering(lab, "nft")


def test_knock_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    through_a_renumbering(lab, "ip6tables")


def test_knock_with_a_key_of_root(lab):
    """The daemon that became another user reloads without the key that root alone may read, and says so."""
    require_tools("ip")
    path, stanza = knock(lab)
    os.makedirs(os.path.join(lab.short, "state"), exist_ok=True)
    house = online(lab, config=toml() + stanza, sixgated={"extra": ["--user", "nobody"]})
    before = house.sixgated.status()["knock"]
    house.sixgated.write(toml(each={"lan1": 'zone = "isolated"'}) + stanza)
    house.sixgated.reload()
    lab.until("the new configuration is in use", lambda: house.sixgated.lan("lan1")["zone"] == "isolated")
    house.sixgated.process.wait_log(re.escape(path) + ": chown it.*going on with the key that is in use")
    text = house.sixgated.process.text()
    lab.check(house.sixgated.status()["knock"] == before, house.sixgated.status()["knock"])
    lab.check("5a5a" not in text, "the key is shown")
    final_checks(lab)


def test_knock_without_ah_in_the_kernel(lab):
    """What the kernel refuses is told with its reason, and the house goes on; the key shows nowhere; the policies go with the stanza."""
    require_tools("ip")
    path, stanza = knock(lab)
    house = online(lab, config=toml() + stanza)
    status = house.sixgated.status()["knock"]
    lab.check(status["spi"] == 0x5150 and status["tunnels"], status)
    lab.check(all(tunnel["inner"] == house.prefix and not tunnel["in_place"] for tunnel in status["tunnels"]), status)
    house.sixgated.process.wait_log("has this kernel AH for IPv6")
    text = house.sixgated.cli_run("status").stdout
    lab.check("IPsec knock: %s opens %s" % (status["tunnels"][0]["address"], house.prefix) in text, text)
    told = house.sixgated.cli_run("knock", "client-config")
    lab.check(told.returncode == 0 and "dst %s proto ah spi 20816" % status["tunnels"][0]["address"] in told.stdout, told)
    lab.check(house.sixgated.cli_run("knock", "reset").returncode == 0, "knock reset fails")
    everything = house.sixgated.process.text() + text + told.stdout + house.sixgated.cli_run("firewall", "print").stdout
    lab.check("5a5a" not in everything, "the key is shown")
    # A key that others can read is refused with the way out, and what runs stays.
    os.chmod(path, 0o644)
    house.sixgated.reload()
    house.sixgated.process.wait_log("chmod 600")
    lab.check("knock" in house.sixgated.status(), "a bad reload took the knock away")
    house.sixgated.write(toml())
    house.sixgated.reload()
    lab.until("the policies are gone", lambda: "reqid 16600" not in policies(lab))
    lab.check("knock" not in house.sixgated.status(), "the knock is still there")
    final_checks(lab)
