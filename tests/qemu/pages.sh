# Sourced by the tests that follow a page of docs/ to the letter, behind lib.sh.
#
#   follow PAGE [SED]  runs each indented line of the page as a command, changed by the sed script; it must succeed, and
#                      what it prints must match REGEX where the line ends in "# prints: REGEX"
#   session PAGE LANGUAGE  the text of the page's fenced block of that language
#   nr_followed        how many commands that were, on all pages
export MATRIX_OUT=$work JOBS=1 DEPS=0
nr_followed=0

follow() {
	local line expected
	last_boot=
	while IFS= read -r line; do
		expected=
		nr_followed=$((nr_followed + 1))
		[[ $line =~ ^(.*[^ ])\ +#\ prints:\ (.*)$ ]] && line=${BASH_REMATCH[1]} expected=${BASH_REMATCH[2]}
		output=$(TIMEOUT=$(time_left) bash -o pipefail -c "$line" 2>"$work/errors" </dev/null | tr -d '\r'; exit "${PIPESTATUS[0]}")
		is $? 0 "$1: $line"
		errors=$(<"$work/errors")
		[ -z "$expected" ] || like "$output" "$expected" "$1: and it prints $expected"
	done < <(sed -n 's/^    \([^ ]\)/\1/p' "$1" | sed "${2:-}")
}

session() {
	sed -n "/^\`\`\`$2\$/,/^\`\`\`\$/p" "$1" | sed '/^```/d'
}
