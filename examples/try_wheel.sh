#!/bin/sh
# Build the wheel and try it as a new user has it: in an environment and a folder of its own, without the repository.
set -eu
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/.venv/bin/python" -m pip wheel --quiet --no-deps --wheel-dir "$here/dist" "$here"
wheel=$(ls -t "$here"/dist/*.whl | head -1)
"$python" -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --constraint "$here/constraints.txt" "$wheel"

cd "$work"
cat > ratings.csv <<CSV
user,item,time
$(awk 'BEGIN { for (n = 0; n < 4000; n++) print n % 199 "," (n * 7 + n % 11) % 83 "," 1700000000 + n * 3600 }')
CSV
env/bin/fusion init ratings.csv
printf '[[sources]]\nname = "popularity"\n[[sources]]\nname = "ease"\n[tune]\ntrials = 0\n' >> fusion.toml
env/bin/fusion check
env/bin/fusion status
# Published, refused, or published with an alert: which of them, numbers made by a formula decide.
code=0
env/bin/fusion run || code=$?
case $code in 0 | 1 | 4) ;; *) exit "$code" ;; esac
env/bin/fusion runs
test -f env/lib/python*/site-packages/fusion/py.typed
echo "The wheel works: $wheel"
