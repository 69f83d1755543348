# SPDX-License-Identifier: Apache-2.0
"""The conformance script: which test proves which row, and when the committed table has become untrue."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import conformance  # noqa: E402
import results  # noqa: E402

ROWS = [{"id": row_id, "source": "", "level": "MUST", "side": "wan", "requirement": "a | b",
         "how_to_test": ""} for row_id in ("7084-G-1", "7084-G-11", "7084-WAA-4a", "9915-18.2", "9915-18.2.1")]
KEYS = {conformance.normalized(row["id"]): row["id"] for row in ROWS}


class Conformance(unittest.TestCase):
    def test_a_test_belongs_to_the_row_it_names(self):
        for name, row in [
                ("ra_tests.Conformance.Row_7084_G_1_RouterLifetimeIsZero", "7084-G-1"),
                ("ra_tests.Conformance.Row_7084_G_11_Something", "7084-G-11"),
                ("ra_tests.Conformance.Row_7084_G_1", "7084-G-1"),
                ("ra_tests.Conformance/All.Row_7084_G_1_Each/3", "7084-G-1"),
                ("Firewall.test_row_7084_G_11_holds_back", "7084-G-11"),
                ("firewall.Baseline.test_row_7084_waa_4A_x", "7084-WAA-4a"),
                ("x.Row_9915_18_2_Same", "9915-18.2"),
                ("x.Row_9915_18_2_1_Longer", "9915-18.2.1")]:
            with self.subTest(name=name):
                self.assertEqual((row, True), conformance.row_of(name, KEYS))

    def test_names_without_a_row_and_unknown_rows(self):
        self.assertEqual((None, False), conformance.row_of("x.RenewsAtT1", KEYS))
        self.assertEqual((None, False), conformance.row_of("x.Arrow_7084_G_1_x", KEYS))
        self.assertEqual((None, False), conformance.row_of("test_row_of_an_isp", KEYS))
        self.assertEqual((None, False), conformance.row_of("x.test_a_row_7084_G_1_is_odd", KEYS))
        self.assertEqual((None, True), conformance.row_of("x.Row_7084_G_12_x", KEYS))
        self.assertEqual((None, True), conformance.row_of("x.Row_7084_G_1x", KEYS))

    def test_one_failing_test_fails_the_row(self):
        documents = {"unit": {"tests": [results.test("x.Row_7084_G_1_A", True),
                                        results.test("x.Row_7084_G_11_A", True)]},
                     "lab": {"tests": [results.test("x.test_row_7084_G_1_b", False)]}}
        found, strangers = conformance.collect(documents, ROWS)
        self.assertEqual([], strangers)
        self.assertEqual("fails", conformance.verdict(found["7084-G-1"]))
        self.assertEqual("passes", conformance.verdict(found["7084-G-11"]))
        self.assertEqual("not yet", conformance.verdict(found["9915-18.2"]))
        self.assertEqual({"7084-G-11"}, conformance.rows_that_pass(conformance.render(ROWS, found, {})))

    def test_a_row_that_lost_its_test_is_noticed(self):
        row = conformance.read_rows()[0]["id"]
        proof = results.test(f"x.Row_{conformance.normalized(row)}_Proof", True)
        others = {one["id"]: "not of this test" for one in conformance.read_rows()[1:]}
        with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
            scratch = pathlib.Path(scratch)
            results.save(scratch / "run/unit.json", [proof])
            conformance.write(scratch / "run", scratch / "table.md")
            self.assertEqual(0, conformance.check(scratch / "run", scratch / "table.md", scratch / "out.json", others))
            results.save(scratch / "run/unit.json", [{**proof, "status": "fail"}])
            self.assertEqual(1, conformance.check(scratch / "run", scratch / "table.md", scratch / "out.json", others))
            results.save(scratch / "run/unit.json", [results.test("x.Other", True)])
            self.assertEqual(1, conformance.check(scratch / "run", scratch / "table.md", scratch / "out.json", others))
            written = json.loads((scratch / "out.json").read_text())["tests"]
            self.assertEqual(["fail", "pass", "pass"], [entry["status"] for entry in written])
            self.assertIn(f"{row}: not yet", written[0]["message"])

    def test_what_only_a_guest_proves_is_not_missed_where_there_is_none(self):
        row = conformance.read_rows()[0]["id"]
        proof = results.test(f"qemu.test_row_{conformance.normalized(row)}", True)
        others = {one["id"]: "not of this test" for one in conformance.read_rows()[1:]}
        with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
            scratch = pathlib.Path(scratch)

            def judged():
                return conformance.check(scratch / "run", scratch / "table.md", scratch / "out.json", others)
            results.save(scratch / "run/qemu.json", [proof])
            conformance.write(scratch / "run", scratch / "table.md")
            self.assertEqual(0, judged())
            results.save(scratch / "run/qemu.json", [], notes=["no guest: no qemu"])
            self.assertEqual(0, judged())
            results.save(scratch / "run/qemu.json", [])
            self.assertEqual(1, judged())

    def test_what_nothing_proves_has_a_reason(self):
        found = {"7084-G-1": [("x", True)], "7084-G-11": []}
        self.assertEqual([], conformance.unproved_without_reason(found, {}, {"7084-G-11": "another's"}))
        self.assertEqual([], conformance.unproved_without_reason(found, {"7084-G-11"}, {}))  # told as one that is lost
        self.assertEqual(2, len(conformance.unproved_without_reason(found, {}, {"7084-G-1": "stale"})))
        self.assertEqual(1, len(conformance.unproved_without_reason({}, {}, {"7084-G-99": "no such row"})))
        table = conformance.render(ROWS, {row["id"]: [] for row in ROWS}, {"7084-G-11": "another's"})
        self.assertIn("not yet: another's |", table)

    def test_rows_have_distinct_ids(self):
        rows = conformance.read_rows()
        self.assertGreater(len(rows), 300)
        self.assertEqual(len(rows), len({conformance.normalized(row["id"]) for row in rows}))
        self.assertTrue(all(len(row) == 6 for row in rows))


if __name__ == "__main__":
    unittest.main()
