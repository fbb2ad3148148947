#!/usr/bin/env python3
"""Installs the build into a temporary prefix and uses it as a stranger would.

    check_package.py BUILD SOURCE COMPILER

Builds tests/package/consumer with find_package(weir), with all warnings as errors, runs what it made, and compiles
each installed header on its own.
"""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

READINGS = """\
{"sensor":"roof","celsius":20,"at":1000}
{"sensor":"roof","celsius":22.5,"at":59999}
{"sensor":"cellar","celsius":-300,"at":2000}
{"sensor":"cellar","celsius":11,"at":61000}
"""
MEANS = [
    '{"key":"cellar","window":{"start":60000,"end":120000},"value":11}',
    '{"key":"roof","window":{"start":0,"end":60000},"value":21.25}',
]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]


def run(*words, cwd=None):
    done = subprocess.run([str(word) for word in words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, words))}\n{done.stdout}")
    return done.stdout


def build_consumer(source, prefix, compiler, scratch):
    build = scratch / "build"
    run("cmake", "-G", "Ninja", "-S", source / "tests/package/consumer", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}")
    run("cmake", "--build", build, "-j2")
    return build


def run_consumer(build, scratch):
    (scratch / "readings.jsonl").write_text(READINGS, encoding="utf-8")
    run(build / "climate", "--workers", "2", cwd=scratch)
    got = sorted(line for file in (scratch / "means").iterdir() for line in file.read_text().splitlines())
    if got != MEANS:
        sys.exit(f"climate gave\n{got}\ninstead of\n{MEANS}")
    run(build / "doubler_test", cwd=scratch)
    plan = run(build / "kafka", "plan", cwd=scratch)
    if "kafka" not in plan:
        sys.exit(f"the plan does not name the topics:\n{plan}")


def compile_header(compiler, include, header):
    unit = f'#include "{header}"\n#include "{header}"\n'
    done = subprocess.run([compiler, "-std=c++20", f"-I{include}", *WARNINGS, "-Wno-pragma-once-outside-header",
                           "-fsyntax-only", "-x", "c++", "-"], input=unit, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{header} does not compile on its own:\n{done.stderr}"


def compile_headers(compiler, prefix):
    include = prefix / "include"
    headers = sorted(path.relative_to(include) for path in include.rglob("*.h"))
    if len(headers) < 20:
        sys.exit(f"only {len(headers)} headers are installed in {include}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        failed = [text for text in pool.map(lambda header: compile_header(compiler, include, header), headers) if text]
    if failed:
        sys.exit("\n".join(failed))
    print(f"{len(headers)} headers compile on their own")


def main():
    build, source, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory(prefix="weir-package-") as folder:
        scratch = pathlib.Path(folder)
        prefix = scratch / "prefix"
        run("cmake", "--install", build, "--prefix", prefix)
        run_consumer(build_consumer(source, prefix, compiler, scratch), scratch)
        compile_headers(compiler, prefix)


main()
