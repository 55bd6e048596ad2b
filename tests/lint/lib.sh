# Sourced by tests/lint/*.t: the checks of tools/lint, each seen to fail.
#
#   clean CHECK                          the source tree passes
#   catches CHECK FILE TEXT REGEX NAME   a tree with FILE holding TEXT is refused, with a message like REGEX
#   accepts CHECK FILE TEXT NAME         a tree with that file passes
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"
lint=$PWD/tools/lint

clean() {
	local found
	found=$(LINT_COUNT=1 perl "$lint/$1.pl" 2>&1)
	ok $? "the tree passes: $1" || diag "$(head -n 60 <<<"$found")"
	like "$found" '^looked at [1-9]' "$1 found something to look at"
}

plant() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/$(dirname "$1")"
	printf '%b' "$2" >"$work/tree/$1"
}

catches() {
	local found
	plant "$2" "$3"
	if found=$(cd "$work/tree" && perl "$lint/$1.pl" 2>&1); then
		found="nothing: $found"
	fi
	like "$found" "^$2:[0-9]+: .*$4" "$5"
}

accepts() {
	plant "$2" "$3"
	is "$(cd "$work/tree" && perl "$lint/$1.pl" 2>&1)" '' "$4"
}
