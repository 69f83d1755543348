# SPDX-License-Identifier: Apache-2.0
"""What the rules refuse and let in is counted by name, and goes on being counted through renumbering and reload."""
import json
import re

from lab import OTHER_POOL, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_delegated, wait_online


def counters(house):
    document = json.loads(house.sixgated.cli_run("firewall", "counters", "--json").stdout)
    return {name: one["packets"] for name, one in document["counters"].items()}


def metrics(house):
    """{(name, labels): value}, each sample behind the type of its name."""
    found, typed = {}, set()
    for line in house.sixgated.cli_run("metrics").stdout.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r'(\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)+)\})? (\S+)', line).groups()
        if name not in typed or (name, labels) in found:
            raise AssertionError("no type, or told twice: " + line)
        found[name, labels] = float(value)
    return found


def counted(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    text = toml(top='[firewall]\nbackend = "%s"\n' % backend) + '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = [8080]\n'
    house = online(lab, config=text % "::1234", server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120},
                   sixgated={"private": private})
    host = lab.h1.address_in(house.prefix)
    suffix = "::" + ":".join(host.split(":")[-4:])
    house.sixgated.write(text % suffix)
    house.sixgated.reload()
    lab.h1.serve(tcp=[8080])
    lab.until("the pinhole is open", lambda: lab.net.tcp(host, 8080, timeout=1) == "open", 20)
    before = counters(house)
    lab.check(before["pinholes"] >= 1, str(before))
    for port in range(9000, 9010):
        lab.net.udp(host, port, timeout=0.05)
    lab.net.udp(lab.cpe.wait_address("2001:db8:0:1::/64", "wan0"), 9999, timeout=0.05)
    after = counters(house)
    lab.check(after["refused"] >= before["refused"] + 10, "%s, then %s" % (before, after))
    lab.check(after["router"] > before["router"], "%s, then %s" % (before, after))
    shown = house.sixgated.cli_run("firewall", "counters").stdout
    lab.check("refused" in shown and "not asked for" in shown, shown)
    # Of each pinhole what began through it; ip6tables writes such rules anew with every change.
    doors = json.loads(house.sixgated.cli_run("firewall", "counters", "--json").stdout)["pinholes"]
    if backend == "nft":
        used = {one["host"]: one["packets"] for one in doors if one["first_port"] == one["last_port"] == 8080}
        lab.check(used.get(host, 0) >= 1 and sum(used.values()) == before["pinholes"], "%s of %s" % (doors, before))
        lab.check("pinhole on lan0" in shown and "tcp 8080" in shown, shown)
    else:
        lab.check(doors == [], str(doors))
    # And each rule by its reason, what it lets pass too; a flow's later packets are answers, so they were more than one.
    rules = json.loads(house.sixgated.cli_run("firewall", "counters", "--rules", "--json").stdout)["rules"]
    met = {}
    for one in rules:
        met[one["about"]] = met.get(one["about"], 0) + one["packets"]
    lab.check(met["what is allowed already, and errors about it"] >= 2 and met["opened by the configuration, or by PCP"] >= 1, str(rules))
    lab.check(all(one["number"] >= 1 and one["chain"] and one["about"] for one in rules) and len(rules) > 60, str(rules))
    shown = house.sixgated.cli_run("firewall", "counters", "--rules").stdout
    lab.check(re.search(r"^forward \d+ +[1-9]\d* packets .*what is allowed already", shown, re.M) if backend == "nft" else
              re.search(r"^filter through \d+ +[1-9]\d* packets .*-m conntrack .*what is allowed already", shown, re.M), shown)
    status = json.loads(house.sixgated.cli_run("status", "--json").stdout)["firewall"]["counters"]
    lab.check(status["refused"]["packets"] >= after["refused"] and status["refused"]["bytes"] > 0, str(status))
    lab.check("firewall packets: " in house.sixgated.cli_run("status").stdout, "a person is not told")

    told = metrics(house)
    lab.check(told["sixgate_firewall_packets_total", 'rule="refused"'] >= after["refused"], str(told))
    lab.check(sum(value for (name, labels), value in told.items() if name == "sixgate_firewall_rule_packets_total"
                  and 'about="what is allowed already' in labels) >= met["what is allowed already, and errors about it"], str(told))
    lab.check(told["sixgate_uplink_ready", 'uplink="wan0"'] == 1 and told["sixgate_firewall_applied", 'backend="%s"' % backend] == 1
              and any(name == "sixgate_prefix_valid_seconds" and value > 0 for (name, _), value in told.items()), str(told))

    # A renumbering and a reload change the rules, and leave what was counted.
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix)
    house.sixgated.write(toml(top='[firewall]\nbackend = "%s"\n' % backend))
    house.sixgated.reload()
    host = lab.h1.address_in(house.prefix)
    lab.until("the pinhole is shut", lambda: lab.net.tcp(host, 8080, timeout=0.5) != "open", 20)
    last = counters(house)
    lab.check(all(last[one] >= after[one] for one in after) and last["refused"] > after["refused"],
              "%s, then %s" % (after, last))

    # nft's table stays over a new start; the chains of ip6tables are written anew.
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("the rules are there again", lambda: house.sixgated.status()["firewall"]["applied"])
    anew = counters(house)
    lab.check((anew["refused"] >= last["refused"]) == (backend == "nft"), "%s, after kill -9 %s" % (last, anew))
    final_checks(lab)


@limit(150)
def test_counters_nft(lab):
    """nft: named counters, read by netlink."""
    counted(lab, "nft")


@limit(150)
def test_counters_ip6tables(lab):
    """ip6tables: the chains that decide, which stay when the others are written anew."""
    counted(lab, "ip6tables")


@limit(150)
def test_counters_ip6tables_legacy(lab):
    """ip6tables-legacy-restore: the same."""
    counted(lab, "ip6tables", LEGACY)
