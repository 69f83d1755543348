# SPDX-License-Identifier: Apache-2.0
"""What every source file has in common: licence line, format, header guard, no leftovers."""
import os
import pathlib
import re
import subprocess
import unittest

import includes

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = ["net", "dhcp6", "ra", "delegation", "firewall", "pcp", "conf", "daemon", "cli"]
SPDX = "SPDX-License-Identifier: Apache-2.0"


def files(*tops, suffixes):
    found = [path for top in tops for path in (ROOT / top).rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found if "__pycache__" not in path.parts and path.is_file())


def cpp(*tops):
    return files(*(tops or (*SHIPPED, "tests")), suffixes={".cc", ".h"})


class Sources(unittest.TestCase):
    def report(self, problems):
        if problems:
            self.fail("\n".join(problems))

    def test_each_names_its_licence(self):
        sources = cpp() + files("tests", "scripts", "cmake", suffixes={".py", ".sh", ".cmake"})
        sources += [ROOT / name for name in ("CMakeLists.txt", "dev", ".ci/run", ".clang-format", ".clang-tidy")]
        self.report([f"{path.relative_to(ROOT)}: no '{SPDX}' in the first two lines" for path in sources
                     if not any(SPDX in line for line in path.read_text().splitlines()[:2])])

    def test_each_header_has_pragma_once(self):
        self.report([f"{path.relative_to(ROOT)}: no #pragma once" for path in cpp()
                     if path.suffix == ".h" and "\n#pragma once\n" not in path.read_text()])

    def test_format_holds(self):
        sources = [str(path) for path in cpp()]
        batches = [sources[start::os.cpu_count() or 1] for start in range(os.cpu_count() or 1)]
        running = [subprocess.Popen(["clang-format-14", "--dry-run", "-Werror", *batch], cwd=ROOT,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                   for batch in batches if batch]
        wrong = set()
        for process in running:
            output, _ = process.communicate()
            wrong |= {match[1] for match in re.finditer(r"^(\S+?):\d+:\d+: error", output, re.MULTILINE)}
            if process.returncode and not wrong:
                wrong.add(output)
        self.report([f"{os.path.relpath(path, ROOT)}: ./dev format changes it" for path in sorted(wrong)])

    def test_nothing_is_left_for_later(self):
        marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
        self.report([f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
                     for path in cpp() for number, line in enumerate(path.read_text().splitlines(), 1)
                     if marks.search(line)])

    def test_no_test_sleeps_or_is_switched_off(self):
        # What needs root may be skipped without it; run by root, a skip counts as a failure.
        marks = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|GTEST_SKIP|DISABLED_\w+)\b")
        allowed = re.compile(r"GTEST_SKIP\(\) << \"")
        self.report([f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
                     for path in cpp("tests/unit", "tests/sim", "tests/support")
                     for number, line in enumerate(
                         includes.without_comments(path.read_text()).splitlines(), 1)
                     if marks.search(line)
                     and not allowed.search(line)])

    def test_nobody_asks_once_whether_a_log_says_something(self):
        # A program writes its log when it has done what a test saw already: wait_log waits for it.
        asks = re.compile(r"check\((?!.*\bnot in\b).*\bin [\w.]*process\.text\(\)")
        self.report([f"{path.relative_to(ROOT)}:{number}: {line.strip()}" for path in files("tests/lab", "tests/qemu", suffixes={".py"})
                     for number, line in enumerate(path.read_text().splitlines(), 1) if asks.search(line)])

    def test_the_bytes_of_packets_are_not_cast(self):
        # Untrusted bytes go through ByteReader; daemon/io must cast for the socket calls of the kernel.
        rooms = ["net", "dhcp6", "ra", "delegation", "firewall", "pcp", "conf"]
        self.report([f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
                     for path in cpp(*rooms)
                     for number, line in enumerate(
                         includes.without_comments(path.read_text()).splitlines(), 1)
                     if re.search(r"\breinterpret_cast\b|__attribute__\(\(packed\)\)", line)
                     and "const char*" not in line])


if __name__ == "__main__":
    unittest.main()
