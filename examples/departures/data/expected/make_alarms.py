#!/usr/bin/env python3
"""Made alarms.jsonl, with a plain loop over the input:

    zstdcat departures.jsonl.zst | expected/make_alarms.py | sort > expected/alarms.jsonl
"""
import collections
import json
import sys

LIMIT_MIN = 30
DAY_MS = 86_400_000

days = collections.defaultdict(lambda: [0, 0])
for line in sys.stdin:
    departure = json.loads(line)
    if departure["delay_min"] is None:
        continue
    day = days[departure["origin"], departure["scheduled"] // DAY_MS * DAY_MS]
    day[0] += 1
    day[1] += departure["delay_min"]
for (origin, day), (flights, sum_min) in days.items():
    if sum_min > LIMIT_MIN * flights:
        print(json.dumps({"origin": origin, "day": day, "flights": flights, "delay_sum_min": sum_min},
                         separators=(",", ":")))
