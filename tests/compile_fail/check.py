#!/usr/bin/env python3
"""Checks that a file does not compile, and that a user can read why.

    check.py compile_commands.json control.cc case.cc

Takes the compiler and its flags from control.cc's entry. In case.cc, lines `// error: TEXT` are parts of the first
error, `// note: TEXT` parts of the whole output. The first error must be in case.cc, at or after `define`.
"""
import json
import os
import re
import shlex
import subprocess
import sys


def command_for(database, control):
    with open(database, encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        if os.path.samefile(entry["file"], control):
            words = shlex.split(entry["command"])
            if os.path.basename(words[0]) == "ccache":
                words = words[1:]
            cut = words.index("-o")
            del words[cut:cut + 2]
            words.remove("-c")
            return [word for word in words if word != entry["file"]], entry["directory"]
    sys.exit(f"{database} has no entry for {control}")


def compile_file(command, directory, source):
    done = subprocess.run(command + ["-fsyntax-only", "-fdiagnostics-color=never", source], cwd=directory,
                          env=os.environ | {"LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def expectations(source):
    found = {"error": [], "note": []}
    define = 0
    with open(source, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = re.match(r"// (error|note): (.*\S)", line)
            if match:
                found[match[1]].append(match[2])
            if "void define(" in line:
                define = number
    return found, define


def problem(source, code, output):
    expected, define = expectations(source)
    if code == 0:
        return "it compiles"
    if not expected["error"]:
        return "it says no // error:"
    first = re.search(r"^(.*?):(\d+):\d+: (?:fatal )?error: (.*)$", output, re.MULTILINE)
    if not first:
        return "the compiler gave no error line"
    if os.path.basename(first[1]) != os.path.basename(source) or int(first[2]) < define:
        return f"its first error is at {first[1]}:{first[2]}, not in define()"
    for text in expected["error"]:
        if text not in first[3]:
            return f"its first error has no {text!r}"
    for text in expected["note"]:
        if text not in output:
            return f"the output has no {text!r}"
    return None


def main():
    database, control, source = sys.argv[1:]
    command, directory = command_for(database, control)
    code, output = compile_file(command, directory, source)
    if source == control:
        found = "it does not compile" if code else None
    else:
        found = problem(source, code, output)
    if found:
        sys.exit(f"{source}: {found}\n\n{output}")


main()
