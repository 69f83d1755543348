# SPDX-License-Identifier: Apache-2.0
"""Somebody puts a table of our name in the place of ours that cannot be taken over, such as one that another version saved."""
import os

from lab import limit
from scenario import final_checks, online, toml

# As `nft -f /etc/nftables.conf` would, where that was saved from a version that had other sets, or another priority.
TABLES = {
    "a set of another type": "add set ip6 sixgate delegated { type ipv6_addr; }\n",
    "a chain of another priority": "add chain ip6 sixgate forward { type filter hook forward priority 5; }\n",
}


@limit(90)
def test_a_table_of_another_version_is_replaced(lab):
    """nft: the house is guarded again, and the log says why it was not."""
    lab.house({"lan0": ["h1"]})
    house = online(lab, config=toml(lans=("lan0",), top='[firewall]\nbackend = "nft"\n'), hosts=("h1",))
    h1 = lab.h1.address_in(house.prefix)
    lab.check(lab.net.tcp(h1, 8080, timeout=1) == "silent", "open before")
    for number, (name, text) in enumerate(TABLES.items(), 1):
        lab.cpe.run("nft", "-f", "-", stdin="delete table ip6 sixgate\nadd table ip6 sixgate\n" + text)
        lab.until("%s is undone" % name, lambda n=number: house.sixgated.process.text().count(": they are back") == n, 20)
        lab.check(lab.net.tcp(h1, 8080, timeout=1) == "silent", "open after %s" % name)
        status = house.sixgated.status()
        lab.check(status["firewall"]["applied"] and not status["problems"], str(status))
    final_checks(lab)


@limit(90)
def test_rules_that_cannot_be_put_back_are_told_of(lab):
    """As long as they are not back, status says so, and why."""
    lab.house({"lan0": ["h1"]})
    house = online(lab, config=toml(lans=("lan0",), top='[firewall]\nbackend = "nft"\n'), hosts=("h1",))
    # A table that has an owner is nobody else's, and goes with him.
    words = os.path.join(lab.short, "words")
    os.mkfifo(words)
    lab.cpe.start("owner", ["sh", "-c", "exec nft -i < " + words]).expected_to_live = False
    with open(words, "w") as owner:
        owner.write("delete table ip6 sixgate; add table ip6 sixgate { flags owner; }\n")
        owner.flush()
        lab.until("status says that they are not there", lambda: not house.sixgated.status()["firewall"]["applied"]
                  and any("cannot be put back" in one for one in house.sixgated.status()["problems"]), 20)
    lab.until("they are back", lambda: house.sixgated.status()["firewall"]["applied"]
              and not house.sixgated.status()["problems"], 30)
    lab.check(lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) == "silent", "open in the end")
    final_checks(lab)
