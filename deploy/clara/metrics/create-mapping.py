#!/usr/bin/env python3
"""Sets up Elasticsearch for the metrics, once, and again after an upgrade:

    python3 metrics/create-mapping.py --ip HOST --port 9200

All options are those of `nvpulse create-mapping`, which does the work; this script only finds it.
"""
import os
import sys


def command():
    """nvpulse of the checkout that this file stands in, else the one on PATH."""
    here = os.path.dirname(os.path.realpath(__file__))
    checkout = os.path.join(here, "..", "..", "..", "bin", "nvpulse.js")
    return ["node", checkout] if os.path.exists(checkout) else ["nvpulse"]


def main():
    words = command() + ["create-mapping"] + sys.argv[1:]
    try:
        os.execvp(words[0], words)
    except OSError as error:
        sys.exit("create-mapping.py: cannot run %s: %s; it must be on PATH" % (words[0], error.strerror))


if __name__ == "__main__":
    main()
