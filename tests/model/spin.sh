# What the checks of Spin's models share; sourced, and leaves the test in a folder of its own. How a search is compiled and how
# far it goes are variables: compiler, optimise, how (options of pan), depth (steps), table (2^table slots).
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib/surroundings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../rotate.sh"
models=$PWD/tests/model
out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT
cd "$out" || exit 1
number=0
compiler=gcc optimise=-O0 how=-DCOLLAPSE depth=1000000 table=22

# verify MODEL SWITCH...: prints "states: S errors: N"; a search that was cut short prints nothing.
verify()
{
	local model=$1
	shift
	spin -a "$@" "$models/$model.pml" > spin.log 2>&1 &&
		"$compiler" -w "$optimise" -DSAFETY -DNOFAIR "$how" -o pan pan.c &&
		./pan "-m$depth" "-w$table" > pan.log 2>&1 &&
		! grep -q 'max search depth too small' pan.log &&
		sed -n 's/.*errors: \([0-9]*\).*/errors: \1/p; s/^ *\([0-9]*\) states, stored.*/states: \1/p' pan.log | paste -sd ' '
}

# expect ERRORS NAME MODEL SWITCH...
expect()
{
	local wanted=$1 name=$2 found
	shift 2
	rm -f spin.log pan.log
	found=$(verify "$@")
	number=$((number + 1))
	case $found in
	*"errors: $wanted"*) echo "ok $number - $name" ;;
	*) echo "not ok $number - $name"; sed 's/^/#   /' spin.log pan.log 2> /dev/null ;;
	esac
	echo "#   ${found:-no result}"
}
