# SPDX-License-Identifier: Apache-2.0
"""The manual pages: groff reads them without a warning, and no option of a program is missing in its page."""
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPTION = re.compile(r"(?<![\w-])--[a-z0-9][a-z0-9-]*")
# Page -> where the program names its options.
PAGES = {
    "prefix-probe.1": ["cli/probe_options.cc"],
    "sixgate.1": ["cli/command.cc", "cli/import_identity.cc"],
    "sixgated.8": ["conf/command_line.cc"],
}


class ManualPages(unittest.TestCase):
    def test_groff_has_no_complaint(self):
        if not shutil.which("groff"):
            return  # it is no dependency; where it is there, it judges
        for path in sorted((ROOT / "docs/man").iterdir()):
            with self.subTest(page=path.name):
                done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", str(path)], capture_output=True,
                                      text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_option_is_explained(self):
        for page, sources in PAGES.items():
            path = ROOT / "docs/man" / page
            named = {option for name in sources for option in OPTION.findall((ROOT / name).read_text())}
            with self.subTest(page=page):
                text = path.read_text().replace("\\-", "-")
                self.assertEqual([], sorted(option for option in named if option not in text))


if __name__ == "__main__":
    unittest.main()
