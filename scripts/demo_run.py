#!/usr/bin/env python3
"""The part of scripts/demo after the build: runs departures, kills it on the way, compares, measures.

    demo_run.py --build BUILD --run DIRECTORY [--brokers HOST:PORT]
"""
import argparse
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

DATA = pathlib.Path(__file__).resolve().parent.parent / "examples/departures/data"
RECORDS = 336_776
RATE = 20_000
KILLS = 6
START_LIMIT_S = 60


def fail(text):
    sys.exit(f"scripts/demo: {text}")


class Place:
    """Where a run reads and writes."""

    def __init__(self, options, name):
        self.name = name
        self.build = options.build
        self.checkpoints = options.run / name / "checkpoints"
        self.log = options.run / name / "log"
        self.checkpoints.parent.mkdir(parents=True)

    def command(self, program, *flags):
        return [str(self.build / "examples/departures" / program), "--checkpoint-interval", "100ms", "--log-level",
                "warn", *flags]

    def position(self):
        """How many records the newest checkpoint has behind it, and its number; (0, 0) before the first one."""
        manifests = sorted(self.checkpoints.glob("manifest-*.json"))
        if not manifests:
            return 0, 0
        try:
            manifest = json.loads(manifests[-1].read_text(encoding="utf-8"))
        except FileNotFoundError:  # retired between the two lines
            return self.position()
        splits = [split for source in manifest["sources"] for split in source["splits"]]
        return sum(self.records_behind(split["position"]) for split in splits), manifest["epoch"]


class Files(Place):
    """From the file in examples/departures/data to files."""

    def start(self, *flags):
        command = self.command("departures", "--output", str(self.checkpoints.parent / "output"), "--checkpoint-dir",
                               str(self.checkpoints), *flags)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log.open("a"), text=True)

    @staticmethod
    def records_behind(position):
        return int(re.match(r"(?:line:)?(\d+)", position)[1]) if position != "end" else RECORDS

    def results(self, name):
        folder = self.checkpoints.parent / "output" / name
        return [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]

    def where(self):
        return self.checkpoints.parent


class Topics(Place):
    """From a topic to topics; the results are what a read_committed consumer sees."""

    def __init__(self, options, name):
        super().__init__(options, name)
        self.brokers = options.brokers
        self.topics = options.topics
        self.out = f"{self.topics}.{name}"
        self.tool("create", "--partitions", "2", self.out, f"{self.out}.alarms", f"{self.out}.late")

    def tool(self, *words):
        done = subprocess.run([str(self.build / "tools/weir_topics"), "--brokers", self.brokers, *words],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            fail(done.stderr)
        return done.stdout.splitlines()

    def start(self, *flags):
        command = self.command("departures", "--brokers", self.brokers, "--name", f"{self.topics}-{self.name}",
                               "--topic-in", self.topics, "--topic-out", self.out, "--checkpoint-dir",
                               str(self.checkpoints), *flags)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log.open("a"), text=True)

    def load(self):
        self.tool("create", "--partitions", "4", self.topics)
        command = self.command("departures_load", "--brokers", self.brokers, "--name", f"{self.topics}-load",
                               "--topic-in", self.topics)
        with self.log.open("a") as log:
            if subprocess.run(command, stdout=log, stderr=log, check=False).returncode:
                fail(f"could not fill the topic {self.topics}: {self.log}")

    @staticmethod
    def records_behind(position):
        return int(re.search(r"\d+", position)[0])

    def results(self, name):
        return self.tool("dump", {"hourly": self.out}.get(name, f"{self.out}.{name}"))

    def where(self):
        return f"topics {self.out}*, {self.checkpoints.parent}"


def finish(place, process):
    """Waits for the end; gives records, seconds and records/s as the program says them."""
    summary, _ = process.communicate()
    if process.returncode:
        fail(f"departures ended with {process.returncode}: {place.log}\n{place.log.read_text()[-2000:]}")
    match = re.search(r"(\d+) records in ([\d.]+) s \((\d+) records/s\)", summary)
    return int(match[1]), float(match[2]), int(match[3])


def kill_at(place, target, before):
    """Starts the program and kills it once a checkpoint has `target` records behind it."""
    process = place.start("--rate", str(RATE))
    deadline = time.monotonic() + START_LIMIT_S
    position = 0
    while position < target:
        if process.poll() is not None:
            fail(f"departures ended by itself before it could be killed at {target}: {place.log}")
        if time.monotonic() > deadline:
            fail(f"departures did not reach record {target} within {START_LIMIT_S} s: {place.log}")
        time.sleep(0.01)
        position, _ = place.position()
    time.sleep(random.uniform(0, 0.1))  # anywhere between two checkpoints
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        fail("departures had ended before the kill")
    position, epoch = place.position()
    if not before < position < RECORDS:
        fail(f"a kill does not count: the position was {before:,} and is {position:,} of {RECORDS:,}")
    print(f"   killed: checkpoint {epoch} stands at record {position:,} of {RECORDS:,}", flush=True)
    return position


def expected(name):
    return (DATA / "expected" / name).read_text(encoding="utf-8").splitlines()


def compare(place):
    for name, wanted in (("hourly", expected("hourly_by_origin.jsonl")), ("alarms", expected("alarms.jsonl")),
                         ("late", [])):
        got = sorted(place.results(name))
        wanted = sorted(wanted)
        if got != wanted:
            missing, extra = set(wanted) - set(got), set(got) - set(wanted)
            fail(f"{name} differs: {len(got):,} results instead of {len(wanted):,}; {len(missing):,} missing, "
                 f"{len(extra):,} wrong, {len(got) - len(set(got)):,} twice; in {place.where()}\n"
                 + "\n".join([f"- {line}" for line in sorted(missing)[:5]] + [f"+ {line}" for line in sorted(extra)[:5]]))
        if name != "late":
            print(f"   {name}: {len(got):,} results, equal to the expected ones")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--brokers")
    options = parser.parse_args()
    kind = Topics if options.brokers else Files
    if options.brokers:
        options.topics = f"departures-{os.getpid()}-{int(time.time())}"

    print(f"== {RECORDS:,} departures at {RATE:,} records/s, a checkpoint every 100 ms, killed {KILLS} times", flush=True)
    place = kind(options, "killed")
    if options.brokers:
        place.load()
    started = time.monotonic()
    position = 0
    for number in range(1, KILLS + 1):
        position = kill_at(place, RECORDS * number // (KILLS + 1), position)
    finish(place, place.start("--rate", str(RATE)))
    seconds = time.monotonic() - started
    _, checkpoints = place.position()
    compare(place)

    print("== once more, as fast as it goes", flush=True)
    flat_out = kind(options, "flat-out")
    records, flat_seconds, speed = finish(flat_out, flat_out.start())
    compare(flat_out)

    print(f"""== every result is there, once
   killed      {RECORDS:,} records, {seconds:.1f} s, {RECORDS / seconds:,.0f} records/s (paced), {KILLS} kills, {checkpoints} checkpoints
   flat out    {records:,} records, {flat_seconds:.2f} s, {speed:,} records/s
   output      {place.where()}
   look next   examples/departures/main.cc, then docs/concepts.md""")


main()
