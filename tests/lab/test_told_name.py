# SPDX-License-Identifier: Apache-2.0
"""Our name (RFC 4704) and the wish for rapid commit, which are said only where a server bears them."""
import os

from lab import require_tools, run
from scenario import final_checks, online, toml


def test_our_name_reaches_the_server_and_what_it_can_is_shown(lab):
    """Kea keeps the name with the lease, tshark reads it, and status tells whether the server commits rapidly."""
    require_tools("tshark")
    house = online(lab, config=toml(uplink='tell_name = "gw.example.net"\nrapid_commit = true\nrequest_prefix = 56'),
                   hosts=("h1",), server_options={"rapid_commit": True})
    seen = run("tshark", "-n", "-r", lab.wan.path, "-V", "-Y", "dhcpv6.msgtype == 1").stdout
    lab.check("gw.example.net" in seen and "Malformed" not in seen, "tshark reads: %s" % seen)
    with open(os.path.join(house.server.directory, "leases6.csv"), encoding="utf-8") as file:
        leases = file.read()
    lab.check("gw.example.net" in leases, "Kea keeps: %s" % leases)
    known = house.sixgated.status()["uplinks"][0]["known_servers"]
    lab.check(len(known) == 1 and known[0]["rapid_commit"] == "yes" and known[0]["lengths"] == [56]
              and not known[0]["fails_on_name"] and not known[0]["fails_on_rapid_commit"], known)
    said = house.sixgated.cli_run("status").stdout
    lab.check("offers /56; rapid commit" in said, said)
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("it is remembered", lambda: house.sixgated.status()["uplinks"][0].get("known_servers") == known)
    final_checks(lab)
