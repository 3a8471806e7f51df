# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server as a program: `python -m tests.aws_server [--state FILE.json]`.

It prints its URL in one line and serves until SIGTERM or SIGINT. FILE is what GET /_control answers.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from .server import make
from .state import State


def main() -> None:
    """Serve the state that the command line names."""
    parser = argparse.ArgumentParser(prog="aws_server", description=__doc__)
    parser.add_argument("--state", type=Path, metavar="FILE.json", help="accounts, images and faults to start with")
    options = parser.parse_args()
    state = State()
    if options.state:
        state.load(json.loads(options.state.read_text()))
    with make(state) as server:
        # For SIGINT as well: a program started in the background is told to ignore it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
