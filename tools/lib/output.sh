# Sourced by tools that write what they made at their end: whether they will be able to is asked before they begin.

# check_output TOOL PATH: says why a file at PATH, which need not be there, could not be written, and fails
check_output() {
	local reason=''
	if [ -d "$2" ]; then
		reason='it is a folder'
	elif ! reason=$({ : >"$2.new"; } 2>&1); then
		reason=${reason##*: }
	fi
	if [ -n "$reason" ]; then
		echo "$1: $2 cannot be written: $reason" >&2
		return 1
	fi
	rm -f "$2.new"
}
