#!/bin/bash
# docs/matrix.svg shows the attacks that there are, in their order (make matrix, then make matrix-picture).
# needs: nothing
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

read_rows attacks name
attacks() {
	printf '%s\n' "${rows[@]}"
}

# rows FILE: the words at the left border that are names of attacks
rows() {
	grep -o '<text x="12" y="[0-9]*">[a-z0-9_]*</text>' "$1" | sed 's/<[^>]*>//g'
}

is "$(rows docs/matrix.svg)" "$(attacks)" 'the picture of the matrix has a row for each attack'
is "$(grep -c '<desc>Made by `make matrix-picture`' docs/matrix.svg)" 1 'and says how it is made'

sed '0,/>ret2dir_obj</s//>ret2dir_old</' docs/matrix.svg >"$work/x.svg"
is "$(rows "$work/x.svg")" "$(attacks | sed 's/^ret2dir_obj$/ret2dir_old/')" 'a row by another name is noticed'

done_testing
