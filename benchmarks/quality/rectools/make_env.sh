#!/bin/sh
# The peers' environment in the folder given: sh benchmarks/quality/rectools/make_env.sh PEERS
set -eu
folder=${1:?name the folder of the environment}
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --requirement "$(dirname "$0")/requirements.txt"
"$folder/bin/python" -m pip check
