# Sourced by tests that go through tables or other lists: none may be empty unnoticed.
#
#   read_rows TABLE COLUMN...  the array `rows`, a row of the .def table each, its columns separated by tabs (tools/def)
#   seen WHAT WORD...          a point that passes where there is a word, and says how many

seen() {
	local what=$1
	shift
	[ $# -gt 0 ]
	ok $? "$what: $# are looked at"
}

read_rows() {
	mapfile -t rows < <(tools/def "$@")
	seen "rows of $1" "${rows[@]}"
}
