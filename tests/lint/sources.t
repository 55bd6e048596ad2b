#!/bin/bash
# Pages cite by keys of docs/sources.def, and every key is one, every work cited.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean sources

work_row='SOURCE(sheep, "A. Sheep", "On the counting of sheep before they sleep", "Meadow", 2001, "")\n'
block='\n<!-- generated: cites -->\n<!-- end: cites -->\n'

# page PATH TEXT: a tree with that page, and a table of one work; what the lint says of it is in $found.
page() {
	plant "$1" "$2"
	mkdir -p "$work/tree/docs"
	printf '%b' "$work_row" >"$work/tree/docs/sources.def"
	found=$(cd "$work/tree" && perl "$lint/sources.pl" 2>&1)
}

page docs/a.md "# A\n\nAs in [sheep].\n$block"
is "$found" '' 'a page that cites a work passes'
page docs/a.md "# A\n\nAs in [sheep] and [goats].\n$block"
like "$found" '^docs/a.md:3: docs/sources.def has no source goats$' 'a key that is none is found'
page docs/a.md "# A\n\n\`[goats]\`, [goats](b.md), a[goats], ![goats]\n\n    [goats]\n\n[sheep]\n$block"
is "$found" '' 'code, links and pictures are no citations'
page docs/a.md "# A\n\nAs in [sheep].\n"
like "$found" '^docs/a.md:3: it cites, and has no' 'so is a page whose keys lead nowhere'
page docs/a.md '# A\n\nNothing.\n'
like "$found" '^docs/sources.def:1: no page cites sheep$' 'and a work that no page cites'
page docs/a.md "# A\n\n[sheep], On the counting of\nsheep before they sleep.\n$block"
like "$found" '^docs/a.md:3: the title of a source: cite it as \[sheep\]$' 'a title that a page repeats is found across lines'
page user/attacks/goat/README.md "# goat: x\n\n[sheep]\n\n**Sources.** None.\n$block"
like "$found" 'README.md:1: its part "\*\*Sources.\*\*" cites no source' 'an attack names a source in its part for that'
page user/attacks/goat/README.md "# goat: x\n\n**Sources.** [sheep].\n$block"
is "$found" '' 'and passes where it does'
page docs/exercises/1-x.md "# X\n\n[sheep]\n$block"
printf '# Y\n' >"$work/tree/docs/exercises/2-y.md"
like "$(cd "$work/tree" && perl "$lint/sources.pl")" '^docs/exercises/2-y.md:1: an exercise cites where it comes from' 'so does an exercise'

work_row+='SOURCE(sheep, "", "Goats", "", 2000, "")\n'
page docs/a.md "# A\n\n[sheep]\n$block"
like "$found" '^docs/sources.def:2: the key sheep is there twice' 'a key has one work'
like "$found" '^docs/sources.def:2: sheep is older than the work before it' 'works come by year'
work_row='SOURCE(sheep, "", "Sheep", "", long ago, "")\n'
page docs/a.md "# A\n\n[sheep]\n$block"
like "$found" '^docs/sources.def:1: .*year must be a number' 'and have one'

done_testing
