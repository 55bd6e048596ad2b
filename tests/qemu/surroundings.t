#!/bin/bash
# Both commands of the README in hostile surroundings: variables that change what shells, compilers and tools do, an odd path
# of the source tree, no home, no terminal, no folder for temporary files.
# needs: iso bochs
. "$(dirname "$0")/lib.sh"
release_only

# A copy of the tree, most of it built; what is touched is built anew there.
tree="$PWD/$work/a tree, \$HOME 'quoted' # & more"
copy_tree "$tree"
mkdir "$tree/build"
cp -a build/release build/user build/gen build/user.* build/archive.* "$tree/build"
touch "$tree"/{boot/boot.asm,boot/pvh.c,kernel/main.c,user/init/init.c,user/lib/tap.c,boot/grub/grub.cfg}

hostile=(PATH="$PATH" CDPATH=/:/tmp:.. HOME=/proc/1 TMPDIR=/nonexistent LC_ALL=tr_TR.UTF-8 LANGUAGE=de POSIXLY_CORRECT=1
	SHELLOPTS=noclobber:noglob BASHOPTS=failglob:nocasematch 'BASH_FUNC_grep%%=() { echo hostile; }' GREP_OPTIONS=--color=always
	TAR_OPTIONS=--verbose GZIP=-v NASMENV=-s GNUTARGET=elf32-i386 CPATH=/usr/include PERL5OPT=-Mnosuch PERL_UNICODE=SDA
	PYTHONHOME=/nonexistent ASAN_OPTIONS=verbosity=1 HARNESS_OPTIONS=c MAKEFLAGS=k CC=nosuch CFLAGS=--nosuch LD=nosuch DEPS=0)

# hostile FOLDER COMMAND...: $said, and in $work/errors what is on stderr
hostile() {
	said=$(cd "$1" && umask 077 && env -i "${hostile[@]}" "${@:2}" 2>"$OLDPWD/$work/errors" </dev/null | tr -d '\r'; exit "${PIPESTATUS[0]}")
	status=$?
	errors=$(<"$work/errors")
}

hostile "$tree" make run CMD='echo it lives'
is "$said" 'it lives' 'make run works, its output is that of the command' || diag "$errors"
is "$status" 0 'and it ends with 0'
unlike "$errors" 'warning|setlocale|hostile' 'nothing is complained about' || diag "$errors"
for emulator in $(rotate 2 EMU=bochs BOOT=direct); do # in `make soak` both
	hostile "$tree" make run "$emulator" CMD='echo it lives'
	is "$said" 'it lives' "so it does with $emulator" || diag "$errors"
done
hostile "$tree" make test T='host/smoke lint/floors'
like "$said" '^[0-9]+ passed, 0 failed$' 'make test works' || diag "$said$errors"
is "$status" 0 'and it ends with 0'

hostile "$tree/tools" CMD='echo it lives' bash run
is "$said" 'it lives' 'a tool finds the tree from within' || diag "$errors"
hostile "$tree/.." CMD='echo it lives' "${tree##*/}/tools/run"
is "$said" 'it lives' 'and by a path that CDPATH could lead astray' || diag "$errors"

done_testing
