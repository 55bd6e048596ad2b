#!/usr/bin/perl
# The report in a headless Chromium: what it shows, by keyboard, mouse and touch, in light and dark, on a phone.
# Keeps screenshots in build/report/screenshots: of the matrix in build/ where there is one, else of the fixture.
# needs: report
use strict;
use warnings;
use File::Path 'make_path';
use File::Temp 'tempdir';
use FindBin;
use lib $FindBin::Bin;
use Browser;
use JSON::PP ();
use Test::More;

chdir "$FindBin::Bin/../.." or die;
my $dir = tempdir(CLEANUP => 1);
my $shots = 'build/report/screenshots';
my $HOSTILE = q{</script><img src=x onerror="window.broken=1">'"&};

sub slurp { my ($path) = @_; local (@ARGV, $/) = ($path); return <> }

# The fixture, with a cell that is not as expected and with text that would be markup if it could.
sub prepared {
	my $matrix = JSON::PP->new->utf8->decode(slurp('tests/report/matrix.json'));
	my $odd = $matrix->{cells}{seal_write}{defaults};
	@$odd{qw(outcome expected as_expected)} = ('BREACH', 'FAULT', JSON::PP::false);
	@$matrix{qw(summary unexpected)} = ({ %{ $matrix->{summary} }, unexpected => 1 }, [{ attack => 'seal_write', configuration => 'defaults', outcome => 'BREACH',
		expected => 'FAULT', by_hand => q{make run CMD='attack seal_write'} }]);
	$matrix->{attacks}[0]{brief} = $HOSTILE;
	$matrix->{cells}{ret2usr_code}{defaults}{$_} = $HOSTILE for qw(said report explanation observed);
	return $matrix;
}

sub make_page {
	my ($name, $matrix) = @_;
	my $page = "$dir/$name.html";
	my @matrix = ref $matrix ? do {
		open my $file, '>:raw', "$dir/$name.json" or die;
		print $file JSON::PP->new->utf8->encode($matrix);
		close $file;
		('--matrix', "$dir/$name.json");
	} : ();
	system('tools/report', @matrix, '--output', $page) == 0 or BAIL_OUT('tools/report failed');
	return "file://$page";
}

my $matrix = prepared();
my @names = map { $_->{name} } @{ $matrix->{attacks} };
my $page = make_page('fixture', $matrix);
my $browser = Browser->start;

sub panel { return $browser->js('return document.getElementById("panel").innerText') }
sub here { return $browser->js('const a = document.activeElement; return a.dataset.at ?? a.id ?? a.tagName') }
sub text { return $browser->js('return document.querySelector(arguments[0])?.innerText ?? ""', $_[0]) }
sub count { return $browser->js('return document.querySelectorAll(arguments[0]).length', $_[0]) }
sub style { return $browser->js('return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]', @_) }
sub is_shown { return $browser->js('return !!document.querySelector(arguments[0])?.checkVisibility({ visibilityProperty: true })', $_[0]) }
# Until nothing moves any more.
sub settle { return $browser->js('return Promise.all(document.getAnimations().map((a) => a.finished)).then(() => 0)') }

# The column of a configuration in the table.
sub column { my ($name) = @_; return $browser->js('return JSON.parse(document.getElementById("cells").textContent).columns.indexOf(arguments[0])', $name) }
sub row { my ($name) = @_; return (grep { $names[$_] eq $name } 0 .. $#names)[0] }
sub cell { my ($attack, $configuration) = @_; return '[data-at="' . row($attack) . ',' . column($configuration) . '"]' }

sub test_structure {
	is(count('#grid tbody tr'), @names, 'the matrix has a row for each attack');
	is(count('#grid tbody th[scope=row]'), @names, 'and each row has a head');
	is(count('#grid thead th[scope=col].variant'), count('#grid tbody tr:first-child td'), 'each column has a head');
	is(column('xpfo=epoch') - column('xpfo=sync'), 1, 'a variant that is the same machine as the defaults stands among the others');
	is(count('h1'), 1, 'there is one title');
	is(count('[id]') - $browser->js('return new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size'), 0, 'no id is used twice');
	is(count('a[href^="#"]') - $browser->js('return [...document.querySelectorAll("a[href^=\'#\']")]
		.filter((a) => document.getElementById(a.getAttribute("href").slice(1))).length'), 0, 'each link leads to something');
	is($browser->js('return window.broken ?? 0'), 0, 'text from data does not become markup');
	like($browser->js('return document.querySelector("#attack-ret2usr_code pre.said").textContent'), qr/onerror="window/, 'but is shown as it is');
	is(count(cell('seal_write', 'defaults') . '.odd'), 1, 'the cell that is not as expected is marked');
	is(count('td.odd') - count('[data-at^="' . row('seal_write') . ',"].odd'), 0, 'and no cell of another attack');
	isnt($browser->js('return getComputedStyle(document.querySelector("td.odd"), "::after").borderTopWidth'), '0px', 'by a corner, not by colour alone');
	like($browser->js('return document.querySelector("td.odd .vh").textContent'), qr/BREACH, not as expected: FAULT/, 'and in words');
	like(text('.verdict'), qr/1 not as expected/, 'the figures under the title say so');
	like(text('.unexpected'), qr/seal_write with defaults: BREACH, expected FAULT.*make run CMD='attack seal_write'/s, 'and a box says how to see it');
}

sub test_keyboard {
	is(count('#grid td[tabindex="0"]'), 1, 'the matrix is one stop of the tab key');
	$browser->js('document.querySelector("#grid td[tabindex=\'0\']").focus()');
	is(here(), '0,0', 'the first cell can be reached');
	like(panel(), qr/ret2usr_code.*with defaults.*FAULT.*SMEP/s, 'and explains itself when it has the focus');
	my $outline = style('#grid td:focus', 'boxShadow') . style('#grid td:focus', 'outlineWidth');
	isnt($outline, 'none0px', 'the focus is to be seen');
	$browser->press('Down');
	is(here(), '1,0', 'the arrow keys move down');
	like(panel(), qr/ret2dir_obj.*read of 0xffff.*direct map.*owner USER.*XPFO/s, 'and the panel follows: access, region, frame, defence');
	$browser->press('Right', 'Right', 'Left', 'Up');
	is(here(), '0,1', 'to all sides');
	$browser->press('Left', 'Left', 'Up');
	is(here(), '0,0', 'and stop at the border');
	$browser->press('End');
	is(here(), '0,' . (count('#grid tbody tr:first-child td') - 1), 'End goes to the last column');
	$browser->press('Control+End');
	like(here(), qr/^$#names,/, 'with Control to the last row');
	$browser->press('Control+Home', 'Enter');
	is(here(), 'panel', 'Enter goes to the explanation');
	$browser->press('Escape');
	is(here(), '0,0', 'Escape goes back to the cell');
	like(panel(), qr/Choose a cell/, 'and empties the panel');
}

sub test_filter {
	my @words = qw(the kernel);
	my @fitting = grep { my $about = lc join ' ', @{ $matrix->{attacks}[$_] }{qw(name brief stopped_by)}; @words == grep { index($about, $_) >= 0 } @words } 0 .. $#names;
	cmp_ok($fitting[-1] - $fitting[0], '>', $#fitting, 'the fixture has rows between those that fit');
	$browser->js('document.getElementById("filter").focus()');
	$browser->press(split //, "@words");
	is($browser->js('return [...document.querySelectorAll("#grid tbody tr")].filter((r) => !r.hidden).map((r) => r.rowIndex - 2).join()'),
		join(',', @fitting), 'the filter leaves the rows with all its words');
	is(text('#filter-count'), @fitting . ' of ' . @names, 'and says how many');
	$browser->js('document.querySelector("#grid td[tabindex=\'0\']").focus()');
	is(here(), "$fitting[0],0", 'the tab key goes to the first of them');
	$browser->press(('Down') x $#fitting);
	is(here(), "$fitting[-1],0", 'the arrow keys skip what is hidden');
	$browser->js('const f = document.getElementById("filter"); f.value = ""; f.dispatchEvent(new Event("input"))');
}

sub test_mouse {
	$browser->point('h1', 'mouse');
	$browser->point(cell('xpfo_parked', 'xpfo=v8'), 'mouse');
	like(panel(), qr/xpfo_parked.*xpfo=v8.*BREACH/s, 'pointing at a cell explains it');
	$browser->point(cell('seal_write', 'defaults'), 'mouse', 1);
	like(panel(), qr/seal_write.*not what the options call for.*expected\s+FAULT/s, 'a click on the unexpected one says what was expected');
	$browser->point(cell('ret2dir_obj', 'xpfo=sync'), 'mouse');
	like(panel(), qr/seal_write/, 'and pins it');
	$browser->press('Escape');
}

# Each cell tells how to repeat it, and has an address of its own.
sub test_cells {
	my $selector = cell('xpfo_parked', 'xpfo=v8');
	is(count('#grid tbody td:not([id^="cell-"])'), 0, 'each cell has an anchor');
	$browser->point($selector, 'mouse', 1);
	like(text('#panel .repeat'), qr/^make run .*OPTS='vuln=on xpfo=v8' CMD='attack xpfo_parked'$/, 'the panel tells how to repeat a cell');
	my $hash = $browser->js('return location.hash');
	is($hash, '#cell-xpfo_parked-xpfo-v8', 'a cell that is chosen is in the address');
	is($browser->js('return document.querySelector("#panel .own").getAttribute("href")'), $hash, 'and has a link');
	$browser->press('Escape');
	$browser->open('about:blank');
	$browser->open("$page$hash");
	settle();
	like(panel(), qr/xpfo_parked.*xpfo=v8.*BREACH/s, 'the link opens the page at the cell');
	$browser->press('Escape');
	$browser->open('about:blank');
	$browser->open($page);
}

# A wide matrix: as many columns as there are variants.
sub test_width {
	my @all = map { /^  (\S+) +group (\S+)/ ? { name => $1, group => $2, options => $1, emulator => 'qemu', smp => 2 } : () }
		split /\n/, `tools/matrix --list`;
	my $wide = prepared();
	for my $row (values %{ $wide->{cells} }) {
		my $any = $row->{defaults};
		$row->{ $_->{name} } //= $any for @all;
	}
	my %is_there = map { $_->{name} => 1 } @{ $wide->{configurations} };
	push @{ $wide->{configurations} }, grep { !$is_there{ $_->{name} } } @all;
	$browser->open(make_page('wide', $wide));
	$browser->size(1440, 900);
	is($browser->js('const box = document.getElementById("matrix-box"); return box.scrollWidth - box.clientWidth'), 0,
		'all of ' . @{ $wide->{configurations} } . ' columns are to be seen at 1440 pixels');
	is($browser->js('return document.documentElement.scrollWidth'), 1440, 'and the page does not scroll sideways');
	cmp_ok($browser->js('return document.getElementById("panel").offsetWidth'), '>=', 270, 'the panel has room, too');
	system('tools/report', '--matrix', "$dir/wide.json", '--picture', "$dir/wide.svg");
	my ($width) = slurp("$dir/wide.svg") =~ /width="(\d+)"/;
	cmp_ok($width, '<=', 1440, 'the picture fits, too');
}

# What is switched on and still beaten names no option at its weakest.
sub test_beaten {
	my %weakest = map { ("$_->{name}=$_->{weakest}" => 1) } @{ $matrix->{defences} };
	my $words = $browser->js('return [...document.querySelectorAll(".beaten li > code")].map((e) => e.textContent).join(" ")');
	like($words, qr/xpfo=v8/, 'a variant that is beaten is listed');
	is(join(' ', grep { $weakest{$_} } split ' ', $words), '', 'and no option at its weakest value');
	unlike(text('.beaten'), qr/meltdown_model/, 'nor an attack that another option lets through');
}

sub luminance_script { return <<'END' }
	const [selectors] = arguments;
	const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
	const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const linear = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
	const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
	const ground = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) { return c; } } return rgba("white"); };
	return selectors.map((selector) => {
		const ratios = [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).map((e) => {
			const [a, b] = [light(rgba(getComputedStyle(e).color)), light(ground(e))];
			return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		});
		return ratios.length ? Math.min(...ratios) : null;
	});
END

# Text of 4.5 to 1 at least, as WCAG AA wants.
sub test_contrast {
	my ($theme, @selectors) = @_;
	my $ratios = $browser->js(luminance_script(), \@selectors);
	for my $i (0 .. $#selectors) {
		cmp_ok($ratios->[$i] // 0, '>=', 4.5, "$theme: contrast of $selectors[$i]");
	}
}

sub test_themes {
	my @seen = ('p.lead', '.top nav a', '.figures dt', 'td.fault', 'td.breach', 'td.nothing', 'td.denied', '.badge', '.variant span', '#grid tbody th a', '.hint',
		'#panel a', '.seg', '.bar.absent span', '.attack-list a', 'summary', '.about', '.legend li', '.verdict', '.missing');
	my %ground;
	for my $theme ('light', 'dark') {
		$browser->prefers($theme);
		$browser->open("$page#matrix");
		$browser->point(cell('ret2dir_obj', 'defaults'), 'mouse', 1);
		test_contrast($theme, grep { $_ ne '.hint' } @seen);
		$ground{$theme} = style('html', 'backgroundColor');
		$browser->open("$page#attack-ret2dir_obj");
		test_contrast($theme, '.step p', '.bit', '.bit.no', '.stop', '.facts dt', '.nr', '.ways a', '.chip');
	}
	isnt($ground{light}, $ground{dark}, 'dark mode has other colours');
	$browser->point('#theme', 'mouse', 1);
	is(style('html', 'backgroundColor'), $ground{light}, 'the button gives light where the system is dark');
	$browser->point('#theme', 'mouse', 1);
	$browser->prefers('light');
	is(style('html', 'backgroundColor'), $ground{dark}, 'and dark where the system is light');
	$browser->point('#theme', 'mouse', 1);
	is(text('#theme'), 'Theme: system', 'and lets the system choose again');
}

sub test_attack_pages {
	my ($is_complete, @missing) = (1);
	$browser->open("$page#attack-$names[0]");
	for my $i (0 .. $#names) {
		my $section = "#attack-$names[$i]";
		push @missing, "$names[$i]: not shown" unless is_shown("$section h2") && !is_shown('#overview');
		push @missing, "$names[$i]: not alone" unless count('.attack') - $browser->js('return [...document.querySelectorAll(".attack")].filter((e) => !e.checkVisibility()).length') == 1;
		push @missing, "$names[$i]: no steps" unless count("$section .step") >= 2;
		push @missing, "$names[$i]: no focus" unless here() eq "title-$names[$i]";
		$browser->point("$section .ways .after", 'mouse', 1) if $i < $#names;
	}
	is("@missing", '', 'every attack has its page, and "next" leads through all of them');
	is(count("#attack-$names[-1] .after"), 0, 'the last has no next');
	$browser->press('Escape');
	ok(is_shown('#overview') && is_shown('#grid'), 'Escape leads back to the matrix');
	$browser->point('#grid tbody tr:nth-child(2) th a', 'mouse', 1);
	ok(is_shown('#attack-ret2dir_obj h2'), 'the head of a row leads to the page');
}

sub test_walk {
	my $section = '#attack-ret2dir_obj';
	$browser->open("$page$section");
	my $fault = $matrix->{cells}{ret2dir_obj}{defaults}{fault};
	is(count("$section .walk"), 2, 'the walks of both roots are drawn');
	like(text("$section .walk .level.no"), qr/^L1 \(PT\).*P=0.*stops here/s, 'the walk of a hidden frame stops at the last level, by the present bit');
	no warnings 'portable';
	is(text("$section .bits li:nth-child(4) span"), (hex($fault->{address}) >> 12) & 511, 'the index of the last level is that of the address');
	like(text("$section .walk + .walk .level.no"), qr/^L4 \(PML4\)/, 'the shadow root stops at the first level');
	like(text($section), qr/Frame 0x[0-9a-f]+ is USER, hidden/, 'the frame is named, and how it is kept');
	like(text($section), qr/nothing stands in its way\s+Booted with xpfo=off\s+BREACH/, 'the same attack without XPFO is there');
	$browser->open("$page#attack-ret2usr_code");
	like(text('#attack-ret2usr_code .walk .bit.no'), qr/U\/S=1/, 'SMEP says no by the user bit');
	$browser->open("$page#attack-pte_overwrite");
	like(text('#attack-pte_overwrite'), qr/What would stop it/, 'where nothing stops an attack, the page says so');
}

sub overflow { return $browser->js('return document.documentElement.scrollWidth - 360') }

sub test_phone {
	my ($page, $what, @attacks) = @_;
	$browser->size(360, 740, 1);
	$browser->open("$page#matrix");
	is(overflow(), 0, "$what: at 360 pixels the page does not scroll sideways");
	my @wide = grep { $browser->open("$page#attack-$_"); overflow() } @attacks;
	is("@wide", '', "$what: nor does the page of any attack");
}

sub test_touch {
	$browser->open("$page#matrix");
	cmp_ok($browser->js('const b = document.getElementById("matrix-box"); return b.scrollWidth - b.clientWidth'), '>', 0, 'the matrix scrolls in its box');
	$browser->js('document.getElementById("matrix-box").scrollLeft = 200');
	my $left = $browser->js('return document.querySelector("#grid tbody th").getBoundingClientRect().left - document.getElementById("matrix-box").getBoundingClientRect().left');
	cmp_ok($left, '<', 3, 'and its first column stays');
	ok(!is_shown('#panel'), 'the panel is out of the way');
	$browser->point(cell('ret2dir_obj', 'xpfo=off'), 'touch', 1);
	settle();
	ok(is_shown('#panel'), 'a tap opens it');
	like(panel(), qr/ret2dir_obj.*xpfo=off.*BREACH/s, 'with the cell that was tapped');
	$browser->screenshot("$shots/phone-cell.png");
	$browser->point('#panel-close', 'touch', 1);
	settle();
	ok(!is_shown('#panel'), 'its button closes it');
}

sub test_pictures {
	$browser->size(1440, 1000);
	$browser->open("$page#space");
	my $absent = $browser->js('return [...document.querySelectorAll(".choice:not([hidden]) tr")].filter((r) => r.cells[2]?.querySelector(".absent"))
		.map((r) => r.querySelector(".region").innerText).join(", ")');
	like($absent, qr/kernel image.*direct map/, 'the shadow root lacks the kernel and the direct map');
	unlike($absent, qr/entry area|user half/, 'but not the entry area and the program');
	$browser->js('const s = document.getElementById("choose-space"); s.value = "xpfo=epoch,kaiser=off"; s.dispatchEvent(new Event("change"))');
	is($browser->js('return document.querySelectorAll(".choice:not([hidden])").length'), 1, 'another boot can be chosen');
	like(text('.choice:not([hidden]) .lead'), qr/user mode runs on the kernel root, too/, 'without KAISER the picture says where user mode runs');
	like($browser->js('return document.querySelector(".choice:not([hidden]) caption").textContent'), qr/kaiser=off/, 'and is shown');
	my $map = $matrix->{guest}{defaults}{map};
	is(count('.frames'), 2, 'memory is drawn for the defaults and for xpfo=off');
	is($browser->js('return [...document.querySelector(".frames svg").querySelectorAll("rect:not(.parting)")].reduce((n, r) => n + r.width.baseVal.value / 10, 0)'),
		length $map->{cells}, 'with a square for each cell of the map');
	my $sum = $browser->js('return [...document.querySelector(".frames .owners").querySelectorAll("b:last-child")].reduce((n, b) => n + parseFloat(b.innerText), 0)');
	cmp_ok(abs($sum - 100), '<', 1, 'and the shares of the owners make the whole');
}

sub test_motion {
	$browser->size(360, 740, 1);
	$browser->devtools('Emulation.setEmulatedMedia', { features => [{ name => 'prefers-reduced-motion', value => 'reduce' }] });
	like(style('#panel', 'transitionDuration'), qr/^0s|^1e-/, 'nothing moves for whoever wants no motion');
}

# For people: the real matrix where there is one.
sub take_screenshots {
	my ($page) = @_;
	for my $theme ('light', 'dark') {
		$browser->size(1440, 1000);
		$browser->prefers($theme);
		$browser->open('about:blank'); # a fresh page
		$browser->open("$page#top");
		$browser->js('document.querySelector("#grid tbody tr:nth-child(4) td.fault")?.focus({ preventScroll: true })');
		$browser->screenshot("$shots/desktop-$theme.png", 1);
		$browser->open("$page#attack-ret2dir_obj");
		$browser->screenshot("$shots/attack-$theme.png", 1);
	}
	$browser->size(360, 740, 1);
	$browser->prefers('light');
	$browser->open("$page#top");
	$browser->screenshot("$shots/phone.png", 1);
	$browser->open("$page#attack-ret2dir_obj");
	$browser->screenshot("$shots/phone-attack.png", 1);
}

make_path($shots);
$browser->size(1440, 1000);
$browser->prefers('light');
$browser->open($page);
test_structure();
test_keyboard();
test_filter();
test_mouse();
test_cells();
test_beaten();
test_themes();
test_attack_pages();
test_walk();
test_pictures();
test_phone($page, 'the fixture', @names);
test_touch();
test_motion();
test_width();
my $real = -e 'build/matrix.json' ? make_page('real') : undef;
if ($real) {
	my @all = map { $_->{name} } @{ JSON::PP->new->utf8->decode(slurp('build/matrix.json'))->{attacks} };
	test_phone($real, 'the matrix of this tree', @all);
}
take_screenshots($real // $page);
is(join("\n", $browser->complaints), '', 'the console has no complaint');
# The browser's own first page is made of what it brings itself.
is(join("\n", grep { !m{^(?:file|data|chrome|chrome-untrusted):} } $browser->requests), '', 'nothing was asked for over a network');
done_testing;
