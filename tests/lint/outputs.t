#!/bin/bash
# A tool that could not write what it is to find says so before it begins, and ends with 2: path and reason.
# needs: nothing
. "$(dirname "$0")/../tap.sh"

# A tree in which booting leaves a trace, and the results of some tools cannot be kept.
tree=$work/tree
mkdir -p "$tree/tests/lint" "$tree/build"
cp -r tools "$tree"
(shopt -s nullglob; cp -r --parents README.md docs user/attacks kernel/abi kernel/{arch/x86_64,core,task}/{,*/}*.def kernel/mm user/shell/*.def tests/fuzz "$tree")
printf '#!/bin/bash\ntouch "%s/began"\n' "$PWD/$work" | tee "$tree/tools/run" >"$tree/tests/lint/sheep.t"
chmod +x "$tree/tools/run" "$tree/tests/lint/sheep.t"

# refuses NAME PATH REASON COMMAND...
refuses() {
	local name=$1 said status
	said=$("${@:4}" 2>&1 </dev/null)
	status=$?
	is "$status" 2 "$name: refused" || diag "$said"
	like "$said" "^[a-z-]+: .*$2 cannot be written: $3" "$name: with path and reason"
	[ ! -e "$work/began" ]
	ok $? "$name: nothing was begun"
	rm -f "$work/began"
}

missing='No such file or directory'
folder='it is a folder'
refuses matrix /missing/matrix.json "$missing" env MATRIX_OUT=/missing "$tree/tools/matrix"
mkdir "$work/half" "$work/half/matrix.md"
refuses 'matrix, the second file' half/matrix.md "$folder" env MATRIX_OUT="$PWD/$work/half" "$tree/tools/matrix"
mkdir -p "$tree/build/report/index.html"
refuses 'matrix, the report' build/report/index.html "$folder" "$tree/tools/matrix"
refuses 'all benchmarks' /proc/none/bench.json "$missing" "$tree/tools/bench-all" --out=/proc/none
for bench in cost kaiser pmalloc xpfo; do
	mkdir "$tree/build/bench-$bench.json"
	refuses "bench-$bench" "build/bench-$bench.json" "$folder" "$tree/tools/bench-$bench"
done
refuses report /proc/none/page.html "$missing" "$tree/tools/report" --output /proc/none/page.html
refuses 'the picture of the matrix' /proc/none/x.svg "$missing" "$tree/tools/report" --picture /proc/none/x.svg
refuses screenshot /proc/none/x.png "$missing" env PNG=/proc/none/x.png "$tree/tools/screenshot"
refuses debug /proc/none/console "$missing" env CONSOLE=/proc/none/console "$tree/tools/debug"
refuses make-iso /missing/x.iso "$missing" tools/make-iso /missing/x.iso kernel archive
refuses make-archive /missing/x.tar "$missing" tools/make-archive /missing/x.tar -- README.md
mkdir "$tree/build/test.json"
refuses test build/test.json "$folder" "$tree/tools/test"

# The first of two documents could be written, the second not: neither is.
sed -i 's/`off`, `v1`, `v6`/`off`, `v6`/' "$tree/README.md" "$tree"/docs/*.md
before=$(<"$tree/README.md")
stale=$(tools/gen-docs --check --tree="$tree" | sed -n 's/: generated parts are out of date.*//p')
for document in $stale; do
	mkdir "$tree/$document.new"
	refuses "gen-docs, $document" "$document" 'Is a directory' tools/gen-docs --tree="$tree"
	rmdir "$tree/$document.new"
done
is "$(<"$tree/README.md")" "$before" 'gen-docs: no document was changed'

done_testing
