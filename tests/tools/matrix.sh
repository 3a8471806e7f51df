#!/bin/sh
# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Test with each ansible-core, Python and boto3 that the collection declares to support.
# `make test` has run the integration targets against moto too, and the tests of the strict server and of the guides.
# Here the strict server and the tests of the plugins are enough, and the demo, which looks at what the playbooks for a
# fleet leave. The oldest of each are tested together, with the playbooks for a fleet, as old cores work out more of
# what AWS answers as a template.
# With the newest boto3, which `make test` has too, the modules' unit tests show nothing new: of a newer core the
# integration tests tell more, and the unit tests of the inventory plugin, which runs inside of it.
# All rows run at once, because one alone leaves processors idle most of the time.
# tests/unit/test_versions.py holds the README and the metadata against the rows.
# A row whose Python is not found is skipped, and fails the run where CI is set.

set -eu

# `make test` draws as many random histories as it should; here a few show whether the versions fit.
export EUC_AWS_EXAMPLES="${EUC_AWS_EXAMPLES:-20}"
failures=.build/matrix/failures
mkdir -p .build/matrix
: >"$failures"

# row NAME PYTHON AMAZON_AWS TARGETS [PIN...]: test in an environment of requirements-dev.txt, which brings the newest
# that fits, with PINs over it. What it says is printed in one piece, for rows run side by side.
row() {
    name=$1
    if test_row "$@" >".build/matrix/$name.log" 2>&1; then
        result=passed
    else
        result=failed
        echo "$name" >>"$failures"
    fi
    cat ".build/matrix/$name.log"
    echo "== the row $name $result"
}

test_row() {
    name=$1 version=$2 amazon_aws=$3 targets=$4
    shift 4
    python=$(find_python "$version") || {
        echo "SKIPPED: the row $name needs Python $version, which is not on PATH"
        [ -z "${CI:-}" ]
        return
    }
    build=.build/matrix/$name
    # Chained, as a shell does not end at the first failure of what it runs as a condition.
    # shellcheck disable=SC2086  # one word a target or a variable of the Makefile's
    "$MAKE" --no-print-directory PYTHON="$python" VENV="$build/venv" "$build/venv/.dev" &&
        "$build/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-warn-conflicts "$@" &&
        describe "$build/venv/bin/python" "$amazon_aws" &&
        "$MAKE" --no-print-directory BUILD="$build" VENV="$build/venv" SERVERS=strict $targets
}

# Print the real path of a Python of that version: a shim that leads to another one confuses ansible-test.
find_python() {
    "python$1" -c 'import sys; print(sys.executable)' 2>/dev/null
}

# Print what is tested together. Fails if amazon.aws is not of that version.
describe() {
    "$1" - "$2" <<'END'
import json, sys, sysconfig
from importlib.metadata import version
with open(f"{sysconfig.get_path('purelib')}/ansible_collections/amazon/aws/MANIFEST.json") as manifest:
    amazon_aws = json.load(manifest)["collection_info"]["version"]
print(f"ansible-core {version('ansible-core')}, Python {sys.version.split()[0]}, amazon.aws {amazon_aws}, "
      f"boto3 {version('boto3')}, botocore {version('botocore')}")
sys.exit(None if amazon_aws.startswith(sys.argv[1]) else f"amazon.aws {sys.argv[1]} is needed")
END
}

# What an old pylint says of the code's form tells nothing of the versions.
oldest="sanity units integration demo system SANITY=others UNITS=tests/unit/plugins/ SYSTEM=tests/system/test_fleet.py"
newest="sanity units integration demo UNITS=tests/unit/plugins/inventory/"
row oldest 3.11 10.1. "$oldest" 'ansible-core==2.17.*' 'boto3==1.34.0' 'botocore==1.34.0' &
# make test has run the sanity and the unit tests of this core.
row core-2.19 3.12 11.4. integration 'ansible-core==2.19.*' &
row core-2.21 3.13 11.4. "$newest" 'ansible-core==2.21.*' &
wait
[ ! -s "$failures" ]
