#!/bin/bash
# clang-format would change nothing.
# needs: lint
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

mapfile -t sources < <(find boot kernel user tests -name '*.[ch]' | sort)
seen 'sources' "${sources[@]}"
found=$(clang-format --dry-run -Werror "${sources[@]}" 2>&1)
ok $? 'the sources are laid out by clang-format (make format)' || {
	diag "$(sed -n 's/^\([^ :]*\):[0-9].*error:.*/\1/p' <<<"$found" | sort | uniq -c | sort -rn | head -n 30)"
}

mkdir -p "$work/x"
printf 'int  f( void ){\n  return 1;}\n' >"$work/x/x.c"
clang-format --dry-run -Werror "$work/x/x.c" 2>/dev/null
is $? 1 'a file laid out otherwise is found'

done_testing
