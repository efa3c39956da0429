# The script of work with Perl's DBI: program.pl MariaDB|mysql.
use strict;
use warnings;
use utf8;
use DBI;
use Digest::SHA qw(sha1_hex);
use Encode qw(encode_utf8 is_utf8);

binmode STDOUT, ':utf8';
my $driver = shift;
my $pre = $driver eq 'MariaDB' ? 'mariadb' : 'mysql';

sub section { print "== $_[0]\n" }

sub sync_replica {
    $| = 1;
    print "#sync\n";
    <STDIN>;
}

sub connect_to {
    my (%more) = @_;
    my %options = (RaiseError => 1, PrintError => 0, AutoCommit => 1, "${pre}_server_prepare" => 0,
        ($pre eq 'mysql' ? (mysql_enable_utf8mb4 => 1) : ()), %{$more{options} // {}});
    my $source = "DBI:$driver:database=" . ($more{database} // 'drv')
        . ";host=$ENV{DRV_HOST};port=$ENV{DRV_PORT};${pre}_local_infile=1;${pre}_multi_statements=1";
    $source .= ";${pre}_ssl=1;${pre}_ssl_ca_file=$ENV{DRV_TLS}" if $ENV{DRV_TLS};
    $source .= ';mysql_ssl_optional=1' if $ENV{DRV_TLS} && $pre eq 'mysql'; # it cannot enforce it with this library
    $source .= ";${pre}_compression=1" if $ENV{DRV_COMPRESS};
    return DBI->connect($source, $more{user} // 'app', $more{password} // 'app', \%options);
}

sub plain {
    my ($value) = @_;
    return 'NULL' unless defined $value;
    my $bytes = is_utf8($value) ? encode_utf8($value) : $value;
    return length($bytes) . ':' . sha1_hex($bytes) if length $bytes > 200;
    $value =~ s/([\x00-\x1f\x7f-\x9f])/sprintf('\\x%02x', ord $1)/ge;
    return $value;
}

sub show {
    my ($st) = @_;
    do {
        if ($st->{NUM_OF_FIELDS}) {
            print "fields @{$st->{NAME}} types @{$st->{\"${pre}_type_name\"}} length @{$st->{\"${pre}_length\"}}\n";
            while (my $row = $st->fetchrow_arrayref) {
                print join(' ', 'row', map { plain($_) } @$row), "\n";
            }
        }
        print 'affected ', $st->rows, ' id ', $st->{"${pre}_insertid"} // 0, ' warnings ',
            $st->{"${pre}_warning_count"} // 0, "\n";
    } while ($st->more_results);
}

sub attempt {
    my ($work) = @_;
    eval { $work->(); 1 } or print 'error ', $DBI::err // '-', ' ', $DBI::state // '', ' ', $DBI::errstr // $@, "\n";
}

sub run {
    my ($db, $sql, @values) = @_;
    attempt(sub {
        my $st = $db->prepare($sql);
        $st->execute(@values);
        show($st);
    });
}

sub connecting {
    section('connect');
    my $db = connect_to();
    run($db, 'SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection');
    run($db, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE "
        . "PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_server_host') ORDER BY 1");
    print "$db->{\"${pre}_serverinfo\"}\n";
    $db->disconnect;
    attempt(sub { connect_to(%$_) }) for {database => 'nosuch'}, {password => 'wrong'}, {user => 'nobody'};
}

sub statements {
    my ($db, $prepared) = @_;
    section('text');
    run($db, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)");
    run($db, 'UPDATE items SET n = 5 WHERE n = ?', 1);
    run($db, "DELETE FROM items WHERE name = 'b'");
    sync_replica();
    run($db, 'SELECT id, name, n FROM items ORDER BY id');
    run($db, "SELECT CAST('x' AS INT), drv.twice(?)", 4);
    run($db, 'SHOW WARNINGS');
    section('multi');
    run($db, "SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0");
    run($db, "SELECT 'still here'");
    section('call');
    run($db, 'CALL two(7, @out)');
    run($db, 'SELECT @out');
    run($prepared, 'CALL two(?, @out)', 8);
    run($prepared, 'SELECT @out');
    run($db, 'CALL fails()');
    section('types');
    my @names = qw(id i8 u8 i16 u16 i24 i32 u32 i64 u64 f d n y da t dt ts c v tt tx mt j e s u ip);
    my @values = (1, -128, 255, -32768, 65535, -8388608, -2147483648, 4294967295, '-9223372036854775808',
        '18446744073709551615', 1.5, -2.25e300, '-12345678901234567890.0123456789', 2024, '2024-02-29',
        '-838:59:59.000', '2024-02-29 23:59:58.123456', '2024-02-29 23:59:58.123456', 'char', 'vär €', 'tiny',
        "text's \"quotes\" \\ \0 end", 'm' x 70000, '{"a": [1, null]}', 'ü', 'x,z',
        '123e4567-e89b-12d3-a456-426614174000', '::1');
    my $sql = 'INSERT INTO types (' . join(',', @names) . ', b, bl, g) VALUES (' . ('?, ' x @names)
        . "513, X'00FF', ST_PointFromText('POINT(1 2)'))";
    my $id = 1;
    for my $handle ($db, $prepared) {
        run($handle, $sql, $id, @values[1 .. $#values]);
        run($handle, $sql, $id + 1, (undef) x $#values);
        run($handle, $sql, $id + 1, (undef) x $#values);
        $id += 2;
    }
    sync_replica();
    run($_, 'SELECT * FROM types ORDER BY id') for $db, $prepared;
    run($_, 'SELECT * FROM types WHERE id < ?', 3) for $db, $prepared;
    run($_, 'SELECT FROM ?', 3) for $db, $prepared;
}

sub transactions {
    my ($db) = @_;
    section('transaction');
    $db->begin_work;
    run($db, "INSERT INTO items (name) VALUES ('t1')");
    run($db, 'SAVEPOINT s');
    run($db, "INSERT INTO items (name) VALUES ('t2')");
    run($db, "SELECT name FROM items WHERE name LIKE 't_' ORDER BY 1");
    run($db, 'ROLLBACK TO s');
    $db->commit;
    $db->{AutoCommit} = 0;
    run($db, 'DELETE FROM items');
    $db->rollback;
    $db->{AutoCommit} = 1;
    sync_replica();
    run($db, 'SELECT name FROM items ORDER BY id');
}

sub bulk {
    my ($db, $prepared) = @_;
    section('infile');
    run($db, "LOAD DATA LOCAL INFILE '$ENV{DRV_FILE}' INTO TABLE loaded");
    sync_replica();
    run($db, 'SELECT COUNT(*), SUM(n), MAX(name) FROM loaded');
    section('bulk');
    my $st = $prepared->prepare('INSERT INTO loaded VALUES (?, ?, ?)');
    $prepared->begin_work;
    my @status;
    print $st->execute_array({ArrayTupleStatus => \@status}, [100000 .. 100299], [map { "bulk $_" } 1 .. 300],
        [map { $_ % 3 ? undef : $_ } 1 .. 300]), " @status[0 .. 9]\n";
    $prepared->commit;
    sync_replica();
    run($db, 'SELECT COUNT(*), SUM(n), MAX(name) FROM loaded');
    section('stream');
    $st = $db->prepare("SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000", {"${pre}_use_result" => 1});
    $st->execute;
    my $sum = 0;
    while (my ($seq, $text) = $st->fetchrow_array) {
        $sum += $seq + length $text;
    }
    print "$sum\n";
}

sub errors {
    my ($db, $prepared) = @_;
    section('ping');
    print $db->ping, "\n";
    section('errors');
    for my $sql ("INSERT INTO items (name) VALUES ('a')", 'SELEKT 1', 'SELECT * FROM nosuch', 'CALL nosuch()',
        "INSERT INTO items (name) VALUES (REPEAT('x', 41))", 'INSERT INTO types (id, u8) VALUES (9, -1)') {
        run($db, $sql);
        run($prepared, $sql);
    }
}

sub killing {
    section('kill');
    my ($victim, $killer) = (connect_to(), connect_to());
    for my $kill ('KILL QUERY', 'KILL') {
        $victim->begin_work;
        my $st = $victim->prepare('SELECT SLEEP(100), COUNT(*) FROM items', {($pre eq 'mysql' ? 'async' : 'mariadb_async') => 1});
        $st->execute;
        my $found = 0;
        until ($found) {
            select undef, undef, undef, 0.01;
            $killer->begin_work;
            ($found) = $killer->selectrow_array("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                . "'SELECT SLEEP(100)%'");
            $killer->commit;
        }
        $killer->do("$kill " . $victim->{"${pre}_thread_id"});
        my $result = $pre eq 'mariadb' ? 'mariadb_async_result' : 'mysql_async_result';
        eval { $st->$result(); $st->fetchrow_arrayref; 1 } or do {
            my $code = $DBI::err // 0;
            # A server cuts a killed connection, the proxy says why.
            print grep({ $_ == $code } 1927, 2006, 2013) ? "lost\n" : "error $code " . $DBI::errstr . "\n";
        };
        eval { $victim->rollback } if $kill eq 'KILL QUERY';
    }
    section('reconnect');
    my $db = connect_to(options => {"${pre}_auto_reconnect" => 1});
    $killer->do('KILL ' . $db->{"${pre}_thread_id"});
    for (1 .. 50) {
        last if eval { $db->ping };
        select undef, undef, undef, 0.01;
    }
    run($db, "SELECT 'again', DATABASE()");
    $_->disconnect for $db, $killer;
}

sub big {
    my ($db, $prepared) = @_;
    section('big');
    my $value = '0123456789abcdef' x (20 * 65536);
    run($prepared, "INSERT INTO items (name, big) VALUES ('big', ?)", $value);
    sync_replica();
    run($_, 'SELECT big, name FROM items WHERE name = ?', 'big') for $db, $prepared;
}

connecting();
my $db = connect_to();
my $prepared = connect_to(options => {"${pre}_server_prepare" => 1});
statements($db, $prepared);
transactions($db);
bulk($db, $prepared);
errors($db, $prepared);
killing();
big($db, $prepared);
section('end');
