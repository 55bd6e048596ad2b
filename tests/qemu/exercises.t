#!/bin/bash
# The worked solutions of docs/exercises/ work. In the release build alone. Half of them in turn; in `make soak` all.
# needs: direct debug
. "$(dirname "$0")/lib.sh"
. tests/qemu/pages.sh

release_only

pages=(docs/exercises/[0-9]*.md)
[ -e "${pages[0]}" ]
ok $? "exercises: ${#pages[@]} are followed"
mapfile -t followed < <(rotate 2 "${pages[@]}")
for page in "${followed[@]}"; do
	follow "$page"
done
[ "$nr_followed" -gt 0 ]
ok $? "and so are their commands: $nr_followed"

page=docs/exercises/7-break-the-audit.md
claim_port
said=$(session "$page" gdb | CMD=audit OPTS='' GDBPORT=$port make debug BUILD=release 2>&1)
like "$said" 'level 1 .*absent' "$page: the frame is hidden"
like "$said" '\$1 = 1' "$page: the audit notices what gdb planted"
said=$(session "$page" gdb | grep -v '^set \*' | CMD=audit OPTS='' GDBPORT=$port make debug BUILD=release 2>&1)
like "$said" '\$1 = 0' "$page: and has nothing to say without that"

listed=$(sed -n 's/^| \[[^]]*\](\([^)]*\)).*/\1/p' docs/exercises/README.md)
is "$listed" "$(cd docs/exercises && printf '%s\n' [0-9]*.md)" 'the list of exercises is complete'

done_testing
