#!/bin/sh
# Run a command of pytest. What fails is run once more, one test at a time and loudly: on a machine that others use too,
# a browser may have waited in vain. What fails twice has failed. In the log, look for "AGAIN".
"$@" && exit
code=$?
[ "$code" = 1 ] || exit "$code" # not failed tests, but something that pytest could not do
echo "AGAIN, one at a time: what has just failed"
exec "$@" -n 0 --last-failed --last-failed-no-failures none
