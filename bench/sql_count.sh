#!/bin/sh
# Instructions per statement of the classifier, counted by callgrind: the same on every run and
# machine of one architecture. usage: sql_count.sh PATH/TO/sql_bench [NAME...]
set -eu
bench=$1
shift
[ $# -gt 0 ] || set -- $("$bench" names)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for name in "$@"; do
    valgrind --tool=callgrind --toggle-collect=count_once --callgrind-out-file="$scratch/out" \
        "$bench" count "$name" 2> "$scratch/log"
    total=$(sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$scratch/log")
    printf '%-18s %6d instructions\n' "$name" $((total / 1000))
done
