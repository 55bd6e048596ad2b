# Sourced by tools/run and tools/debug: what the kernel made of OPTS, as its log tells.

# What it says before the first program runs, which could say anything.
log_head() {
	[ ! -f "$1" ] || tr -d '\r' <"$1" | sed '/^bulwark: memory: /q'
}

# told_refused LOG: prints the words that it refused on stderr; false where there are none
told_refused() {
	log_head "$1" | grep -aE '^bulwark: (boot option|words of the command line) .*refused' >&2
}

# told_other LOG: of what OPTS asked for by name, says on stderr what is not in force, and why
told_other() {
	local line word
	while IFS= read -r line; do
		for word in $OPTS; do
			[ "${word%%=*}" != "${line%%=*}" ] || complain "$word is not in force, but $line"
		done
	done < <(log_head "$1" | sed -n 's/^bulwark: \([a-z]*=[a-z0-9]*: .*\)$/\1/p')
	return 0
}
