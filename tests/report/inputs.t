#!/usr/bin/perl
# tools/report on good, missing and bad inputs: what it writes, what it says, how it ends.
# needs: nothing
use strict;
use warnings;
use Cwd 'getcwd';
use File::Temp 'tempdir';
use FindBin;
use JSON::PP ();
use Test::More;

chdir "$FindBin::Bin/../.." or die;
my $dir = tempdir(CLEANUP => 1);
my $fixture = 'tests/report/matrix.json';

sub slurp { my ($path) = @_; return -e $path ? do { local (@ARGV, $/) = ($path); <> } // '' : '' }

sub put {
	my ($name, $text) = @_;
	open my $file, '>', "$dir/$name" or die;
	print $file $text;
	close $file;
	return "$dir/$name";
}

# Runs tools/report; returns (exit status, stderr, stdout).
sub report {
	my (@arguments) = @_;
	my $pid = fork // die;
	unless ($pid) {
		open STDOUT, '>', "$dir/out";
		open STDERR, '>', "$dir/err";
		exec 'tools/report', @arguments or die;
	}
	waitpid $pid, 0;
	return ($? >> 8, slurp("$dir/err"), slurp("$dir/out"));
}

# An input that is refused with status 2, a message that fits, and no page.
sub refuses {
	my ($json, $message, $name) = @_;
	my $path = put('bad.json', ref $json ? JSON::PP->new->canonical->encode($json) : $json);
	unlink "$dir/bad.html";
	my ($status, $said) = report('--matrix', $path, '--output', "$dir/bad.html");
	is($status, 2, "$name: refused");
	like($said, qr/^report: \Q$path\E: $message\n\z/, "$name: the message names file and place");
	ok(!-e "$dir/bad.html", "$name: nothing is written");
}

sub fixture { return JSON::PP->new->utf8->decode(slurp($fixture)) }

sub changed {
	my ($change) = @_;
	my $matrix = fixture();
	$change->($matrix);
	return $matrix;
}

my ($status, $said, $out) = report('--help');
is($status, 0, 'help is given');
like($out, qr/^Usage: tools\/report .*Exit status:/s, 'and says how it ends');
is((report('--colour'))[0], 2, 'an unknown option is bad usage');
is((report('more'))[0], 2, 'and so is a word too many');
($status, $said) = report('--matrix', "$dir/none.json");
is($status, 1, 'a file that was named must be there');
like($said, qr/none\.json: no such file/, 'and the message names it');

($status, $said) = report('--matrix', $fixture, '--output', "$dir/deep/er/page.html");
is("$status:$said", '0:', 'the report is made, with the folders that it needs');
my $page = slurp("$dir/deep/er/page.html");
like($page, qr/<\/html>\s*\z/, 'to its end');
unlike($page, qr/(?:\bsrc|(?<!xlink:)\bhref|\baction|\bposter|\bsrcset)\s*=\s*(["'])(?!#|data:,)/, 'without a reference to anything outside');
unlike($page, qr/url\(\s*["']?(?!#)|\@import|https?:\/\/(?!www\.w3\.org\/)/, 'in the style sheet neither');
unlike($page, qr/\{\{/, 'and without a hole left in the template');
like($page, qr{<cite>ret2dir</cite>[,;.)]}, 'what an attack cites is told from other words');
like($page, qr{<li><cite>ret2dir</cite> V\. P\. Kemerlis, .*?USENIX Security 2014</li>}, 'and each work is named in full');
unlike($page, qr/generated: cites|sources\.md#/, 'without the links that only Markdown needs');

my $tree = getcwd();
{
	chdir $dir or die;
	is(system("$tree/tools/report") >> 8, 0, 'without any input there is a report, too');
	chdir $tree or die;
}
my $empty = slurp("$dir/build/report/index.html");
like($empty, qr/<code>make matrix<\/code> makes it/, 'that names the command for the matrix');
like($empty, qr/<code>make bench<\/code> makes it/, 'and the one for the benchmarks');

refuses("{\n  \"a\": 1,\n  \"b\": }\n", 'line 3, column 8: .*', 'what is not JSON');
refuses('', 'line 1, column 1: .*', 'an empty file');
refuses('[]', 'an object is wanted', 'a list');
refuses(changed(sub { delete $_[0]{attacks} }), 'attacks is missing', 'a missing member');
refuses(changed(sub { delete $_[0]{attacks}[2]{name} }), 'attacks\[2\]\.name is missing', 'a missing name');
refuses(changed(sub { $_[0]{cells}{seal_write}{defaults}{outcome} = 'WON' }),
	'cells\.seal_write\.defaults\.outcome: one of BREACH, .* is wanted', 'an unknown outcome');
refuses(changed(sub { $_[0]{guest}{defaults}{kernel_root}[1]{start} = 'here' }),
	'guest\.defaults\.kernel_root\[1\]\.start: an address such as .* is wanted', 'a bad address');
refuses(changed(sub { $_[0]{cells}{ret2dir_obj}{defaults}{fault} = 'oops' }),
	'cells\.ret2dir_obj\.defaults\.fault: an object is wanted', 'a fault that is no object');

my $bench = put('bench.json', '{"published": [{"table": "t", "rows": [{"name": "n"}]}]}');
($status, $said) = report('--matrix', $fixture, '--bench', $bench, '--output', "$dir/bad.html");
is($status, 2, 'bad figures are refused');
like($said, qr/^report: \Q$bench\E: published\[0\]\.rows\[0\]\.values is missing$/, 'with their place');
$bench = put('bench.json', '{"benchmarks": {"cost": {"rows": []}, "kaiser": null}, "published": []}');
($status, $said) = report('--matrix', $fixture, '--bench', $bench, '--output', "$dir/bad.html");
is("$status:$said", '0:', 'what was not measured may be missing');

($status) = report('--matrix', $fixture, '--picture', "$dir/matrix.svg");
is($status, 0, 'the picture is drawn');
my $svg = slurp("$dir/matrix.svg");
like($svg, qr/^<svg xmlns.*<\/svg>\s*\z/s, 'as SVG');
like($svg, qr/>$_->{name}</, "with the attack $_->{name}") for @{ fixture()->{attacks} };
my @breaches = grep { $_->{outcome} eq 'BREACH' } map { values %$_ } values %{ fixture()->{cells} };
my $nr_crosses = () = $svg =~ /l7 7m0-7/g;
cmp_ok($nr_crosses, '>=', @breaches + 1, 'and a cross for each breach');

chmod 0555, "$dir/deep";
SKIP: {
	skip 'root may write everywhere', 1 if $> == 0;
	is((report('--matrix', $fixture, '--output', "$dir/deep/no/page.html"))[0], 2, 'a folder that cannot be made is told');
}
put('plain', '');
($status, $said) = report('--matrix', $fixture, '--output', "$dir/plain/page.html");
is($status, 2, 'a file where a folder is wanted is told');
like($said, qr/^report: \Q$dir\E\/plain\/page\.html cannot be written: Not a directory$/, 'by name');

done_testing;
