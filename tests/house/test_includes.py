# SPDX-License-Identifier: Apache-2.0
"""Includes go one way, and the checker that says so notices each kind of trespass."""
import pathlib
import tempfile
import unittest

import includes

ROOT = pathlib.Path(__file__).resolve().parents[2]

PLANTED = [  # file, line in it, allowed
    ("dhcp6/client.cc", '#include "net/prefix.h"', True),
    ("dhcp6/client.cc", '#include "dhcp6/client.h"', True),
    ("dhcp6/client.cc", "#include <vector>", True),
    ("dhcp6/client.cc", "#include <chrono>", True),
    ("conf/config.cc", '#include "ra/advertiser.h"', True),
    ("conf/toml_reader.cc", "#include <toml++/toml.h>", True),
    ("daemon/router.cc", '#include "conf/config.h"', True),
    ("daemon/io/loop.cc", '#include "daemon/router.h"', True),
    ("daemon/io/loop.cc", "#include <boost/asio.hpp>", True),
    ("daemon/io/loop.cc", "#include <netlink/netlink.h>", True),
    ("daemon/main/sixgated.cc", '#include "daemon/io/loop.h"', True),
    ("cli/sixgate.cc", '#include "daemon/router.h"', True),
    ("cli/sixgate.cc", "#include <sys/socket.h>", True),
    ("dhcp6/client.cc", "// #include <iostream>", True),
    ("dhcp6/client.cc", "/*\n#include <iostream>\n*/", True),
    ("dhcp6/client.cc", '#include "ra/advertiser.h"', False),
    ("ra/advertiser.cc", '#include "dhcp6/client.h"', False),
    ("firewall/ruleset.cc", '#include "delegation/pool.h"', False),
    ("net/prefix.cc", '#include "dhcp6/client.h"', False),
    ("net/prefix.cc", '#include "conf/config.h"', False),
    ("delegation/pool.cc", '#include "daemon/router.h"', False),
    ("conf/config.cc", '#include "daemon/router.h"', False),
    ("daemon/router.cc", '#include "daemon/io/loop.h"', False),
    ("daemon/router.cc", '#include "cli/status.h"', False),
    ("daemon/io/loop.cc", '#include "cli/status.h"', False),
    ("daemon/router.cc", "#include <boost/asio.hpp>", False),
    ("daemon/router.cc", "#include <netlink/netlink.h>", False),
    ("daemon/router.cc", "#include <libmnl/libmnl.h>", False),
    ("daemon/router.cc", "  #  include <sys/socket.h>", False),
    ("ra/advertiser.cc", "#include <netinet/icmp6.h>", False),
    ("ra/advertiser.cc", "#include <ctime>", False),
    ("ra/advertiser.cc", "#include <random>", False),
    ("ra/advertiser.cc", "auto now = std::chrono::steady_clock::now();", False),
    ("delegation/pool.cc", "std::random_device seed;", False),
    ("conf/config.cc", "#include <toml++/toml.h>", False),
    ("daemon/io/loop.cc", "#include <toml++/toml.h>", False),
    ("cli/sixgate.cc", "#include <iostream>", False),
    ("net/text.cc", "#include <sstream>", False),
    ("conf/config.cc", "#include <regex>", False),
    ("daemon/io/loop.cc", "#include <fstream>", False),
    ("daemon/io/loop.cc", "#include <thread>", False),
    ("dhcp6/client.cc", '#include "client.h"', False),
    ("dhcp6/client.cc", '#include "net/no_such_file.h"', False),
    ("dhcp6/client.cc", "#include <net/prefix.h>", False),
]
HEADERS = ["net/prefix.h", "dhcp6/client.h", "ra/advertiser.h", "delegation/pool.h", "conf/config.h",
           "daemon/router.h", "daemon/io/loop.h", "cli/status.h"]


class Includes(unittest.TestCase):
    def test_every_include_goes_the_one_way(self):
        wrong = [f"{path}:{line}: {problem}" for path, line, problem in includes.findings(ROOT)]
        if wrong:
            self.fail("\n".join(wrong))

    def test_there_are_sources_to_look_at(self):
        for room in ("net", *includes.PROTOCOLS):
            self.assertTrue(list((ROOT / room).glob("*.h")), f"no headers in {room}/")

    def test_planted_includes_are_judged(self):
        for name, line, allowed in PLANTED:
            with self.subTest(file=name, line=line), tempfile.TemporaryDirectory() as scratch:
                root = pathlib.Path(scratch)
                for header in HEADERS:
                    (root / header).parent.mkdir(parents=True, exist_ok=True)
                    (root / header).write_text("#pragma once\n")
                source = root / name
                source.parent.mkdir(parents=True, exist_ok=True)
                source.write_text(f"// first line\n{line}\n")
                found = includes.findings(root)
                self.assertEqual(allowed, not found, found)
                if not allowed:
                    self.assertEqual((name, 2), found[0][:2])


if __name__ == "__main__":
    unittest.main()
