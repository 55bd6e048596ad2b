# A headless Chromium for tests, driven through chromedriver by the WebDriver protocol: Browser->start, then methods.
# Every method dies with the driver's words where it fails.
package Browser;
use strict;
use warnings;
use File::Temp 'tempdir';
use HTTP::Tiny;
use JSON::PP ();
use MIME::Base64 'decode_base64';
use Time::HiRes 'sleep';

# Only what hangs takes as long as the test may.
use constant SECONDS_PER_CALL => $ENV{TEST_SECONDS} || 600;

my @FLAGS = qw(--headless --no-sandbox --remote-debugging-pipe --disable-gpu --disable-quic --no-first-run --disable-background-networking
	--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --allow-file-access-from-files);
my %KEYS = (Tab => 0xe004, Enter => 0xe007, Escape => 0xe00c, Home => 0xe011, End => 0xe010, Left => 0xe012, Up => 0xe013,
	Right => 0xe014, Down => 0xe015);

sub start {
	my ($class) = @_;
	my $dir = tempdir('bulwark-browser-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	mkdir "$dir/$_" for qw(profile home);
	my $self = bless { dir => $dir, http => HTTP::Tiny->new(timeout => SECONDS_PER_CALL, proxy => undef, http_proxy => undef) }, $class;
	$self->start_driver;
	my $session = $self->call(POST => '/session', { capabilities => { alwaysMatch => {
		'goog:loggingPrefs' => { browser => 'ALL', performance => 'ALL' },
		'goog:chromeOptions' => { args => [@FLAGS, "--user-data-dir=$dir/profile", '--window-size=1440,1000'] },
	} } });
	$self->{session} = "/session/$session->{sessionId}";
	# without it some versions give no element the focus where there is no window manager
	$self->call(POST => "$self->{session}/goog/cdp/execute",
		{ cmd => 'Emulation.setFocusEmulationEnabled', params => { enabled => JSON::PP::true } });
	return $self;
}

# The driver chooses a port and says it.
sub start_driver {
	my ($self) = @_;
	$self->{owner} = $$;
	$self->{pid} = fork // die "fork: $!\n";
	unless ($self->{pid}) {
		setpgrp;
		$ENV{HOME} = "$self->{dir}/home";
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$self->{dir}/driver.log";
		open STDERR, '>&', \*STDOUT;
		exec 'chromedriver', '--port=0' or die "chromedriver: $!\n";
	}
	while (1) {
		sleep 0.1;
		my $said = do { local (@ARGV, $/) = ("$self->{dir}/driver.log"); <> // '' };
		if ($said =~ /started successfully on port (\d+)/) {
			$self->{base} = "http://127.0.0.1:$1";
			return;
		}
		die "chromedriver: $said\n" if waitpid($self->{pid}, 1) != 0;
	}
}

sub call {
	my ($self, $method, $path, $body) = @_;
	my $answer = $self->{http}->request($method, "$self->{base}$path",
		defined $body ? { content => JSON::PP->new->utf8->encode($body), headers => { 'content-type' => 'application/json' } } : {});
	my $value = (eval { JSON::PP->new->utf8->decode($answer->{content}) } // {})->{value};
	die "$method $path: " . (ref $value eq 'HASH' ? $value->{message} // '' : $answer->{content}) . "\n" unless $answer->{success};
	return $value;
}

sub open { my ($self, $url) = @_; $self->call(POST => "$self->{session}/url", { url => $url }); return }

# The value of a JavaScript function body; its arguments are `arguments`.
sub js {
	my ($self, $script, @arguments) = @_;
	return $self->call(POST => "$self->{session}/execute/sync", { script => $script, args => \@arguments });
}

sub devtools {
	my ($self, $command, $parameters) = @_;
	return $self->call(POST => "$self->{session}/goog/cdp/execute", { cmd => $command, params => $parameters // {} });
}

sub size {
	my ($self, $width, $height, $is_phone) = @_;
	$self->devtools('Emulation.setDeviceMetricsOverride', { width => $width, height => $height,
		deviceScaleFactor => $is_phone ? 2 : 1, mobile => $is_phone ? JSON::PP::true : JSON::PP::false });
	return;
}

# "light" or "dark", as the system would prefer
sub prefers {
	my ($self, $scheme) = @_;
	$self->devtools('Emulation.setEmulatedMedia', { features => [{ name => 'prefers-color-scheme', value => $scheme }] });
	return;
}

# Presses keys one after the other: names of %KEYS, "Control+Home", or single characters.
sub press {
	my ($self, @keys) = @_;
	my @actions;
	for my $key (@keys) {
		my @held = split /\+/, $key;
		my @values = map { $_ eq 'Control' ? chr 0xe009 : $_ eq 'Shift' ? chr 0xe008 : $KEYS{$_} ? chr $KEYS{$_} : $_ } @held;
		push @actions, (map { { type => 'keyDown', value => $_ } } @values), map { { type => 'keyUp', value => $_ } } reverse @values;
	}
	$self->call(POST => "$self->{session}/actions", { actions => [{ type => 'key', id => 'keyboard', actions => \@actions }] });
	return;
}

# Moves a pointer ("mouse" or "touch") to the middle of the first element that fits, and presses it where asked to.
sub point {
	my ($self, $selector, $type, $is_pressed) = @_;
	my $at = $self->js('const e = document.querySelector(arguments[0]); e.scrollIntoView({ block: "center", inline: "center" });
		const r = e.getBoundingClientRect(); return [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)];', $selector);
	$self->call(POST => "$self->{session}/actions", { actions => [{ type => 'pointer', id => $type, parameters => { pointerType => $type },
		actions => [{ type => 'pointerMove', duration => 0, x => $at->[0], y => $at->[1] },
			$is_pressed ? ({ type => 'pointerDown', button => 0 }, { type => 'pointerUp', button => 0 }) : ()] }] });
	return;
}

# Keeps what is to be seen, or the whole page, as a PNG file.
sub screenshot {
	my ($self, $path, $is_whole) = @_;
	my $shot = $self->devtools('Page.captureScreenshot', { format => 'png', $is_whole ? (captureBeyondViewport => JSON::PP::true) : () });
	CORE::open(my $file, '>:raw', $path) or die "$path: $!\n";
	print $file decode_base64($shot->{data});
	close $file or die "$path: $!\n";
	return;
}

# Messages of the console since the last call, and addresses that were asked for over a network.
sub complaints {
	my ($self) = @_;
	return map { "$_->{level}: $_->{message}" } @{ $self->call(POST => "$self->{session}/se/log", { type => 'browser' }) };
}

sub requests {
	my ($self) = @_;
	my @events = map { JSON::PP->new->decode($_->{message})->{message} }
		@{ $self->call(POST => "$self->{session}/se/log", { type => 'performance' }) };
	return map { $_->{params}{request}{url} } grep { $_->{method} eq 'Network.requestWillBeSent' } @events;
}

sub DESTROY {
	my ($self) = @_;
	return if ($self->{owner} // 0) != $$ || !$self->{pid};
	local ($?, $@);
	eval { $self->call(DELETE => $self->{session}) } if $self->{session};
	kill 'TERM', -$self->{pid};
	waitpid $self->{pid}, 0;
	$self->{pid} = undef;
}

1;
