#!/usr/bin/env python3
"""Runs the examples as a user would, on files.

    examples_test.py BUILD CASE     CASE: Departures, WordCount or BadInput
"""
import fcntl
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve() / "examples"
DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "examples/departures/data"
LINE = ('{"flight":"UA1545","carrier":"UA","origin":"EWR","dest":"IAH","tail":null,"scheduled":1357035300000,'
        '"observed":1357035420000,"delay_min":2,"distance_mi":1400}\n')


class Example(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-example-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_example(self, name, *flags, timeout=120):
        return subprocess.run([BUILD / name / name, "--log-level", "off", *flags], cwd=self.folder,
                              capture_output=True, text=True, timeout=timeout, check=False)

    def results(self, folder):
        return sorted(line for file in (self.folder / folder).glob("*.jsonl") for line in file.read_text().splitlines())

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


class Departures(Example):
    def expected(self, name):
        return sorted((DATA / "expected" / name).read_text().splitlines())

    def check(self, *flags):
        done = self.run_example("departures", "--output", "out", "--checkpoint-interval", "50ms", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("336776 records", done.stdout)
        self.assertEqual(self.results("out/hourly"), self.expected("hourly_by_origin.jsonl"))
        self.assertEqual(self.results("out/alarms"), self.expected("alarms.jsonl"))
        self.assertEqual(self.results("out/late"), [])

    def test_the_year_with_two_workers(self):
        self.check("--workers", "2")

    def test_the_year_with_batches_of_one_and_channels_of_one(self):
        self.check("--workers", "2", "--batch-size", "1", "--channel-capacity", "1")

    def test_a_second_start_after_the_end_changes_nothing(self):
        self.check("--workers", "1", "--checkpoint-dir", "checkpoints")
        done = self.run_example("departures", "--output", "out", "--checkpoint-dir", "checkpoints")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.results("out/hourly"), self.expected("hourly_by_origin.jsonl"))

    def test_the_plan_shows_every_operator(self):
        done = self.run_example("departures", "plan", "--workers", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("departures", "hourly", "hourly-out", "late-out", "alarms", "alarms-out", "digraph"):
            self.assertIn(word, done.stdout)

    def test_help_lists_the_flags_of_weir_and_of_the_example(self):
        done = self.run_example("departures", "--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        for flag in ("--workers", "--checkpoint-dir", "--brokers", "--topic-in", "--limit"):
            self.assertIn(flag, done.stdout)


class WordCount(Example):
    def test_words_of_several_files(self):
        self.write("a.txt", "To be, or not to be:\n\nthat is the question\n")
        self.write("b.txt", "be quick\n")
        done = self.run_example("word_count", "--workers", "2", "--output", "counts")
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = {"to": 2, "be": 3, "or": 1, "not": 1, "that": 1, "is": 1, "the": 1, "question": 1, "quick": 1}
        self.assertEqual(self.results("counts"),
                         sorted(f'{{"word":"{word}","count":{count}}}' for word, count in counts.items()))


class BadInput(Example):
    """The exit code is not 0, the message names what and where, and nothing half written is left."""

    def refused(self, code, texts, *flags):
        done = self.run_example("departures", "--output", "out", "--restart-attempts", "0", *flags)
        self.assertEqual(done.returncode, code, done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)
        written = [path for path in (self.folder / "out").rglob("*") if path.is_file()]
        self.assertEqual(written, [])

    def test_unknown_flag(self):
        self.refused(2, ["--speed", "--help"], "--speed", "3")

    def test_flag_of_the_wrong_type(self):
        self.refused(2, ["--limit", "whole number", "many"], "--limit", "many")

    def test_checkpoint_interval_that_is_no_length_of_time(self):
        self.refused(2, ["--checkpoint-interval", "100ms"], "--checkpoint-interval", "soon")

    def test_missing_file(self):
        self.refused(1, ["nowhere.jsonl", "No such file"], "--input", "nowhere.jsonl")

    def test_half_written_line(self):
        self.refused(1, ["half.jsonl line 2", "half written"], "--input", self.write("half.jsonl", LINE + LINE[:50]))

    def test_wrong_type(self):
        text = LINE.replace("1400", '"far"')
        self.refused(1, ["wrong.jsonl line 2", "distance_mi", "integer", "string"], "--input",
                     self.write("wrong.jsonl", LINE + text))

    def test_number_out_of_range(self):
        text = LINE.replace("1400", "9999999999999999999")
        self.refused(1, ["big.jsonl line 1", "distance_mi", "range"], "--input", self.write("big.jsonl", text))

    def test_damaged_compressed_file(self):
        bytes_of_file = bytearray((DATA / "departures.jsonl.zst").read_bytes()[:200_000])
        bytes_of_file[1000] ^= 0xFF
        (self.folder / "damaged.jsonl.zst").write_bytes(bytes_of_file)
        self.refused(1, ["damaged.jsonl.zst"], "--input", "damaged.jsonl.zst")

    def test_checkpoint_directory_in_use(self):
        (self.folder / "checkpoints").mkdir()
        with open(self.folder / "checkpoints/LOCK", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refused(1, ["checkpoints", "in use"], "--checkpoint-dir", "checkpoints")

    def test_checkpoint_directory_that_is_a_file(self):
        self.refused(1, ["plain"], "--checkpoint-dir", self.write("plain", ""))

    def test_checkpoint_directory_that_cannot_be_made(self):
        self.refused(1, ["/proc/weir"], "--checkpoint-dir", "/proc/weir")  # not by root either

    def test_checkpoint_of_another_pipeline(self):
        self.write("a.txt", "a word\n")
        done = self.run_example("word_count", "--checkpoint-dir", "checkpoints")
        self.assertEqual(done.returncode, 0, done.stderr)
        before = sorted(path.name for path in (self.folder / "checkpoints").glob("manifest-*"))
        self.refused(1, ["word_count"], "--checkpoint-dir", "checkpoints")
        self.assertEqual(sorted(path.name for path in (self.folder / "checkpoints").glob("manifest-*")), before)

    def test_start_over_a_checkpoint_that_must_not_be_there(self):
        self.write("a.txt", "a word\n")
        flags = ("--checkpoint-dir", "checkpoints")
        self.assertEqual(self.run_example("word_count", *flags).returncode, 0)
        done = self.run_example("word_count", *flags, "--restore", "none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("checkpoints", done.stderr)

    def test_unreachable_broker(self):
        self.refused(1, ["127.0.0.1:1", "broker"], "--brokers", "127.0.0.1:1")


unittest.main(verbosity=2)
