"""scripts/check_layers finds each kind of violation: plants one at a time in a tree of its own."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check_layers"

FINE = {
    "include/weir/a.h": '#include <string>\n#include "absl/status/status.h"\n#include "weir/detail/b.h"\n',
    "include/weir/detail/b.h": "#include <boost/describe.hpp>\n",
    "runtime/base/c.cc": '#include <xxhash.h>\n#include "weir/a.h"\n',
    "state/d.cc": '#include <rocksdb/db.h>\n#include "runtime/base/c.h"\n#include "state/e.h"\n',
    "operators/window/f.cc": '#include "state/e.h"\n',
    "checkpoint/g.cc": '#include "runtime/base/c.h"\n',
    "runtime/job/h.cc": '#include "checkpoint/g.h"\n#include "operators/window/f.h"\n#include "runtime/plan/i.h"\n',
    "connectors/kafka/j.cc": '#include <librdkafka/rdkafka.h>\n#include "weir/kafka.h"\n#include "runtime/base/c.h"\n',
    "examples/one/main.cc": '#include "weir/weir.h"\n#include "trade.h"\n',
    "examples/one/trade.h": "",
    "tests/state/k.cc": '#include "state/d.h"\n#include "connectors/kafka/j.h"\n',
}

BROKEN = [
    ("include/weir/x.h", "#include <rocksdb/db.h>\n", "public header"),
    ("include/weir/x.h", '#include "boost/asio/post.hpp"\n', "public header"),
    ("include/weir/x.h", "  #  include <spdlog/logger.h>\n", "public header"),
    ("include/weir/x.h", '#include "runtime/base/log.h"\n', "runtime/base"),
    ("runtime/base/x.cc", '#include "state/d.h"\n', "state"),
    ("state/x.cc", '#include "operators/window/f.h"\n', "operators"),
    ("state/x.cc", '#include "runtime/job/h.h"\n', "runtime"),
    ("operators/x.cc", '#include "checkpoint/g.h"\n', "checkpoint"),
    ("checkpoint/x.cc", '#include "operators/window/f.h"\n', "operators"),
    ("checkpoint/x.cc", '#include "runtime/plan/i.h"\n', "runtime"),
    ("runtime/job/x.cc", '#include "connectors/kafka/j.h"\n', "connectors/kafka"),
    ("runtime/job/x.cc", '#include "weir/kafka.h"\n', "source.h"),
    ("connectors/kafka/x.cc", '#include "state/d.h"\n', "state"),
    ("connectors/kafka/x.cc", '#include "connectors/file/d.h"\n', "connectors/file"),
    ("examples/one/x.cc", '#include "runtime/base/log.h"\n', "runtime/base"),
    ("examples/two/x.cc", '#include "../one/trade.h"\n', "another example"),
    ("newfolder/x.cc", "\n", "no layer"),
    ("connectors/redis/x.cc", "\n", "no layer"),
    ("state/x.cc", "// line\n" * 501, "501 lines"),
    ("tests/state/x.cc", "// line\n" * 501, "501 lines"),
]


def run(extra=None):
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**FINE, **(extra or {})}.items():
            path = pathlib.Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)


def main():
    failures = 0
    fine = run()
    if fine.returncode != 0:
        failures += 1
        print("a tree without violations is refused:\n" + fine.stdout + fine.stderr)
    for name, text, expected in BROKEN:
        broken = run({name: text})
        lines = [line for line in broken.stdout.splitlines() if line.startswith(name)]
        if broken.returncode != 1 or not any(expected in line for line in lines):
            failures += 1
            print(f"not found: {name} with {text[:60]!r}\n" + broken.stdout + broken.stderr)
    print(f"{len(BROKEN) + 1} trees, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
