# SPDX-License-Identifier: Apache-2.0
"""The totals: nothing that failed, died or never ran may look like a pass."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import results  # noqa: E402
import run_gtest  # noqa: E402

CRASH = """[==========] Running 3 tests from 1 test suite.
[ RUN      ] Codec.First
[       OK ] Codec.First (5 ms)
[ RUN      ] Codec.Second
=================================================================
==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1
"""


class Results(unittest.TestCase):
    def summary(self, documents):
        with tempfile.TemporaryDirectory() as scratch:
            for stage, tests in documents.items():
                path = pathlib.Path(scratch) / f"{stage}.json"
                path.write_text(tests) if isinstance(tests, str) else results.save(path, tests)
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                status = results.summary([scratch])
        return status, printed.getvalue().splitlines()

    def test_the_last_line_is_the_total(self):
        status, lines = self.summary({"unit": [results.test("a", True), results.test("b", True)],
                                      "lab": [results.test("c", True)]})
        self.assertEqual((0, "3 passed, 0 failed"), (status, lines[-1]))

    def test_a_failure_is_named_and_counted(self):
        status, lines = self.summary({"unit": [results.test("a", True), results.test("b", False, 0, "why")]})
        self.assertEqual((1, "1 passed, 1 failed"), (status, lines[-1]))
        self.assertIn("  unit: b", lines)
        self.assertIn("      why", lines)

    def test_unreadable_results_are_a_failure(self):
        status, lines = self.summary({"unit": [results.test("a", True)], "lab": "{"})
        self.assertEqual((1, "1 passed, 1 failed"), (status, lines[-1]))

    def test_nothing_run_is_a_failure(self):
        status, lines = self.summary({})
        self.assertEqual((1, "0 passed, 1 failed"), (status, lines[-1]))

    def test_what_could_not_run_is_named(self):
        status, lines = self.summary({"unit": [results.test("a", True)],
                                      "qemu": '{"tests": [], "notes": ["no guest: why"]}'})
        self.assertEqual((0, "1 passed, 0 failed"), (status, lines[-1]))
        self.assertIn("  qemu: no guest: why", lines)

    def test_a_crash_is_charged_to_the_test_it_happened_in(self):
        tests = run_gtest.from_log(CRASH, "dhcp6_tests", "ended with status -6")
        self.assertEqual([("dhcp6_tests.Codec.First", "pass"), ("dhcp6_tests.Codec.Second", "fail")],
                         [(entry["name"], entry["status"]) for entry in tests])
        self.assertIn("heap-buffer-overflow", tests[1]["message"])

    def test_a_plain_word_filters_by_containing_it(self):
        self.assertEqual("*Renew*", run_gtest.gtest_filter("Renew"))
        self.assertEqual("Client.*:-*Slow*", run_gtest.gtest_filter("Client.*:-*Slow*"))
        self.assertIsNone(run_gtest.gtest_filter(""))


if __name__ == "__main__":
    unittest.main()
