# SPDX-License-Identifier: Apache-2.0
"""Thousands of clients, by perfdhcp. SIXGATE_LAB_CLIENTS says how many, up to 65000 (./dev test lab --filter test_thousands)."""
import os

from dhcp_clients import perfdhcp
from lab import limit
from peers import Sixgated
from scenario import toml
from test_dhcp6_server import leases

CLIENTS = int(os.environ.get("SIXGATE_LAB_CLIENTS", "5000"))
# Room for 65,000.
MANY = toml(lans=("lan0",), top='log_level = "warning"\n[ula]\nprefix = "none"',
            uplink='mode = "static"\nprefixes = ["2001:db8:1::/48"]',
            lan='addressing = "slaac+dhcpv6"\ndhcpv6_range = "::1000-::2:ffff"')


@limit(120 + CLIENTS // 50)
def test_thousands_of_clients(lab):
    """However many clients there are each has an address of its own, and is known after kill -9."""
    lab.house({"lan0": ["h1"]}, record=False)
    lab.h1.sysctl("net.ipv6.conf.eth0.accept_ra", 0)  # perfdhcp speaks from the first address that there is
    lab.h1.link_local("eth0")
    sixgated = Sixgated(lab, config=MANY)
    # The lab's own choice is debug: a line for each lease.
    sixgated.command = lambda: [sixgated.program, "--state-dir", sixgated.state_dir, "--socket", sixgated.socket,
                                "--config", sixgated.config_path]
    sixgated.start()
    lab.cpe.link_local("lan0")
    lab.until("a client gets its lease", lambda: perfdhcp(lab.h1, "-r", "10", "-n", "3", "-R", "3", "-W", "500000", "-b",
                                                           "mac=00:0c:02:00:00:00")["REQUEST-REPLY"][1] == 3)
    before = len(leases(sixgated))
    seen = perfdhcp(lab.h1, "-r", "1000", "-n", str(CLIENTS), "-R", str(CLIENTS), "-s", "7", "-d", "5", "-W", "5000000",
                    timeout=60 + CLIENTS // 100)
    asked, answered = seen["REQUEST-REPLY"]
    answered -= max(asked - CLIENTS, 0)  # it asks once more for some when its time is not over
    lab.check(answered > 0.9 * CLIENTS, seen)
    every = {one["duid"]: one["leases"] for one in leases(sixgated)}
    lab.check(len(every) >= before + answered, "%d leases of %s" % (len(every), seen))
    addresses = [lease for given in every.values() for lease in given]
    lab.check(len(addresses) == len(set(addresses)), "one address twice")
    sixgated.kill()
    sixgated.start()
    lab.check({one["duid"]: one["leases"] for one in leases(sixgated)} == every, "others after kill -9")
