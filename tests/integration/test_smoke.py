"""The shortest way through everything: the walkthrough's configuration, one write, one read."""


def test_write_goes_to_the_primary_and_read_to_the_replica(cluster, proxy):
    with proxy.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE TABLE test.smoke (id INT PRIMARY KEY, who INT)")
        cursor.execute("INSERT INTO test.smoke VALUES (1, @@server_id)")
        cluster.sync()
        cursor.execute("SELECT who, @@server_id FROM test.smoke")
        assert cursor.fetchall() == ((1, 2),)


def test_maxctrl_shows_both_servers(proxy):
    states = proxy.states()
    assert states["server1"] == {"Master", "Running"}
    assert states["server2"] == {"Slave", "Running"}
