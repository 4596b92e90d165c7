#!/usr/bin/env python3
"""Starts and stops the monitoring of a job, as the stages monitor-start and monitor-stop do it:

    python3 client.py --start -i HOST
    python3 client.py --stop -i HOST

All options are those of `nvpulse client`, which does the work; this script only finds it.
"""
import os
import sys


def command():
    """nvpulse of the checkout that this file stands in, else the one on PATH."""
    here = os.path.dirname(os.path.realpath(__file__))
    checkout = os.path.join(here, "..", "..", "bin", "nvpulse.js")
    return ["node", checkout] if os.path.exists(checkout) else ["nvpulse"]


def main():
    words = command() + ["client"] + sys.argv[1:]
    try:
        os.execvp(words[0], words)
    except OSError as error:
        sys.exit("client.py: cannot run %s: %s; it must be on PATH" % (words[0], error.strerror))


if __name__ == "__main__":
    main()
