import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.security.MessageDigest;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

/** The script of work with MariaDB Connector/J; the argument `server` or `text` is how statements are prepared. */
public class Program {
    static final String HOST = System.getenv("DRV_HOST") + ":" + System.getenv("DRV_PORT");
    static String common = "connectionAttributes=program_name:drivers&allowLocalInfile=true";

    static void section(String name) {
        System.out.println("== " + name);
    }

    static void sync() throws Exception {
        System.out.println("#sync");
        System.out.flush();
        System.in.read();
    }

    static Connection open(String user, String password, String database, String more) throws SQLException {
        return DriverManager.getConnection("jdbc:mariadb://" + HOST + "/" + database + "?user=" + user
            + "&password=" + password + "&" + common + more);
    }

    static Connection open(String more) throws SQLException {
        return open(System.getenv("DRV_USER"), System.getenv("DRV_PASSWORD"), "drv", more);
    }

    interface Work {
        void run() throws Exception;
    }

    static void attempt(Work work) throws Exception {
        try {
            work.run();
        } catch (SQLException e) {
            System.out.println("error " + e.getErrorCode() + " " + e.getSQLState() + " "
                + String.valueOf(e.getMessage()).replaceAll("(conn[=:]-?|port=)\\d+", ""));
        }
    }

    static String plain(Object value) throws Exception {
        byte[] bytes = value instanceof byte[] ? (byte[]) value
            : value instanceof String && ((String) value).length() > 200 ? ((String) value).getBytes("UTF-8") : null;
        if (bytes == null) {
            return String.valueOf(value);
        }
        byte[] digest = MessageDigest.getInstance("SHA-1").digest(bytes);
        return bytes.length + ":" + new java.math.BigInteger(1, digest).toString(16);
    }

    static void show(ResultSet rows) throws Exception {
        ResultSetMetaData meta = rows.getMetaData();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
            System.out.println("column " + meta.getTableName(i) + "." + meta.getColumnName(i) + " "
                + meta.getColumnTypeName(i) + " " + meta.getPrecision(i) + " " + meta.getScale(i) + " "
                + meta.isNullable(i) + meta.isSigned(i) + meta.isAutoIncrement(i));
        }
        while (rows.next()) {
            StringBuilder line = new StringBuilder("row");
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                line.append(' ').append(plain(rows.getObject(i)));
            }
            System.out.println(line);
        }
    }

    static void showAll(Statement st, boolean isRows) throws Exception {
        while (isRows || st.getUpdateCount() != -1) {
            if (isRows) {
                show(st.getResultSet());
            } else {
                System.out.println("updated " + st.getUpdateCount());
            }
            isRows = st.getMoreResults();
        }
        for (SQLWarning w = st.getWarnings(); w != null; w = w.getNextWarning()) {
            System.out.println("warning " + w.getErrorCode() + " " + w.getMessage());
        }
    }

    static void run(Connection c, String sql) throws Exception {
        attempt(() -> {
            try (Statement st = c.createStatement()) {
                showAll(st, st.execute(sql, Statement.RETURN_GENERATED_KEYS));
                if (sql.startsWith("INSERT")) {
                    show(st.getGeneratedKeys());
                }
            }
        });
    }

    static void execute(Connection c, String sql, Object... values) throws Exception {
        attempt(() -> {
            try (PreparedStatement st = c.prepareStatement(sql)) {
                for (int i = 0; i < values.length; i++) {
                    st.setObject(i + 1, values[i]);
                }
                showAll(st, st.execute());
            }
        });
    }

    static void connecting() throws Exception {
        section("connect");
        try (Connection c = open("")) {
            run(c, "SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection");
            run(c, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE "
                + "PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_server_host', '_thread') ORDER BY 1");
            DatabaseMetaData meta = c.getMetaData();
            System.out.println(meta.getDatabaseProductVersion() + " " + meta.getDatabaseProductName());
            show(meta.getColumns("drv", null, "types", "%"));
            show(meta.getProcedures("drv", null, "%"));
            show(meta.getIndexInfo("drv", null, "items", true, true));
        }
        attempt(() -> open("app", "app", "nosuch", ""));
        attempt(() -> open("app", "wrong", "drv", ""));
        attempt(() -> open("nobody", "", "drv", ""));
        try (Connection c = open("&sessionVariables=sql_mode='ANSI',lock_wait_timeout=99")) {
            run(c, "SELECT @@sql_mode, @@lock_wait_timeout");
        }
    }

    static void statements(Connection c) throws Exception {
        section("text");
        run(c, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)");
        run(c, "UPDATE items SET n = 5 WHERE n = 1");
        run(c, "DELETE FROM items WHERE name = 'b'");
        sync();
        run(c, "SELECT id, name, n FROM items ORDER BY id");
        run(c, "SELECT CAST('x' AS INT), drv.twice(4)");
        section("multi");
        try (Connection several = open("&allowMultiQueries=true")) {
            run(several, "SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0");
            run(several, "SELECT 1; SELECT * FROM nosuch; SELECT 3");
            run(several, "SELECT 'still here'");
        }
        section("call");
        try (CallableStatement call = c.prepareCall("{CALL two(?, ?)}")) {
            call.setInt(1, 7);
            call.registerOutParameter(2, Types.INTEGER);
            showAll(call, call.execute());
            System.out.println(call.getInt(2));
        }
        execute(c, "CALL two(?, @x)", 8);
        run(c, "CALL fails()");
        run(c, "SELECT @x");
    }

    static void types(Connection c) throws Exception {
        section("types");
        String names = "id, i8, u8, i16, u16, i24, i32, u32, i64, u64, f, d, n, y, da, t, dt, ts, c, v, bi, vb, "
            + "tt, tx, mt, bl, j, e, s, u, ip, b";
        String sql = "INSERT INTO types (" + names + ", g) VALUES (" + "?, ".repeat(32)
            + "ST_PointFromText('POINT(1 2)'))";
        Object[] values = {1, -128, 255, -32768, 65535, -8388608, Integer.MIN_VALUE, 4294967295L, Long.MIN_VALUE,
            new java.math.BigInteger("18446744073709551615"), 1.5F, -2.25e300,
            new BigDecimal("-12345678901234567890.0123456789"), 2024, java.sql.Date.valueOf("2024-02-29"),
            Time.valueOf("23:59:59"), Timestamp.valueOf("2024-02-29 23:59:58.123456"),
            Timestamp.valueOf("2024-02-29 23:59:58.123456"), "char", "vär €😀", new byte[] {0, 1, 2, 3}, new byte[100],
            "tiny", "text's \"quotes\" \\ \0 end", "m".repeat(70000), new byte[] {-1, -2, 0}, "{\"a\": [1, null]}",
            "ü", "x,z", "123e4567-e89b-12d3-a456-426614174000", "::1", new byte[] {2, 1}};
        execute(c, sql, values);
        Object[] nulls = new Object[32];
        nulls[0] = 2;
        execute(c, sql, nulls);
        execute(c, sql, nulls);
        sync();
        run(c, "SELECT * FROM types ORDER BY id");
        execute(c, "SELECT * FROM types WHERE id < ? ORDER BY id", 10);
        execute(c, "SELECT ? + 1, ?", 1.5, "x");
        execute(c, "SELECT FROM");
    }

    static void transactions(Connection c) throws Exception {
        section("transaction");
        c.setAutoCommit(false);
        run(c, "INSERT INTO items (name) VALUES ('t1')");
        Savepoint s = c.setSavepoint("s");
        execute(c, "INSERT INTO items (name) VALUES (?)", "t2");
        execute(c, "SELECT name FROM items WHERE name LIKE ? ORDER BY 1", "t_");
        c.rollback(s);
        c.commit();
        run(c, "DELETE FROM items");
        c.rollback();
        c.setAutoCommit(true);
        sync();
        run(c, "SELECT name FROM items ORDER BY id");
        c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        run(c, "SELECT @@tx_isolation");
        c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        c.setReadOnly(true);
        c.setAutoCommit(false);
        run(c, "SELECT COUNT(*) FROM items");
        run(c, "INSERT INTO items (name) VALUES ('ro')");
        c.rollback();
        c.setAutoCommit(true);
        c.setReadOnly(false);
    }

    static void bulk(Connection c, String kind) throws Exception {
        section("infile");
        run(c, "LOAD DATA LOCAL INFILE '" + System.getenv("DRV_FILE") + "' INTO TABLE loaded");
        sync();
        run(c, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded");
        run(c, "LOAD DATA LOCAL INFILE '/nonexistent' INTO TABLE loaded");
        section("bulk");
        int base = 100000;
        for (String how : new String[] {"", "&rewriteBatchedStatements=true", "&useBulkStmts=false"}) {
            try (Connection other = open(kind + how);
                 PreparedStatement st = other.prepareStatement("INSERT INTO loaded VALUES (?, ?, ?)")) {
                for (int i = 0; i < 1000; i++) {
                    st.setInt(1, base + i);
                    st.setString(2, "bulk " + i);
                    st.setObject(3, i % 3 == 0 ? i : null);
                    st.addBatch();
                }
                System.out.println(Arrays.hashCode(st.executeBatch()));
                st.setInt(1, base);
                st.setString(2, "again");
                st.setObject(3, null);
                st.addBatch();
                attempt(st::executeBatch);
            }
            base += 1000;
        }
        try (Statement st = c.createStatement()) {
            for (int i = 0; i < 50; i++) {
                st.addBatch("UPDATE loaded SET n = " + i + " WHERE id = " + (100000 + i));
            }
            System.out.println(Arrays.toString(st.executeBatch()));
        }
        sync();
        run(c, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded");
    }

    static void streaming(Connection c) throws Exception {
        section("stream");
        for (int size : new int[] {1, 300}) {
            try (PreparedStatement st = c.prepareStatement("SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_5000")) {
                st.setFetchSize(size);
                ResultSet rows = st.executeQuery();
                long sum = 0;
                while (rows.next()) {
                    sum += rows.getLong(1) + rows.getString(2).length();
                }
                System.out.println(sum);
                rows = st.executeQuery();
                rows.next();
                System.out.println(rows.getLong(1));
            }
        }
        run(c, "SELECT 'after'");
    }

    static void errors(Connection c) throws Exception {
        section("ping");
        System.out.println(c.isValid(10));
        c.setCatalog("mysql");
        run(c, "SELECT DATABASE()");
        c.setCatalog("drv");
        section("errors");
        for (String sql : new String[] {"INSERT INTO items (name) VALUES ('a')", "SELEKT 1", "SELECT * FROM nosuch",
            "INSERT INTO items (name) VALUES (REPEAT('x', 41))", "INSERT INTO types (id, u8) VALUES (9, -1)",
            "CALL nosuch()"}) {
            run(c, sql);
            execute(c, sql);
        }
    }

    static boolean asleep(Connection c) throws Exception {
        c.setAutoCommit(false);
        try (Statement st = c.createStatement()) {
            return st.executeQuery("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                + "'%SELECT SLEEP(100)%' AND ID != CONNECTION_ID()").next();
        } finally {
            c.setAutoCommit(true);
        }
    }

    /** Statement.cancel() and the timeout of a statement are KILL QUERY of a second connection. */
    static void killing() throws Exception {
        section("kill");
        Connection victim = open("");
        Connection watcher = open("");
        victim.setAutoCommit(false);
        run(victim, "SELECT COUNT(*) FROM items");
        Statement st = victim.createStatement();
        ExecutorService other = Executors.newSingleThreadExecutor();
        Future<?> sleeping = other.submit(() -> {
            attempt(() -> st.execute("SELECT SLEEP(100), COUNT(*) FROM items"));
            return null;
        });
        while (!asleep(watcher)) {
            Thread.sleep(10);
        }
        st.cancel();
        sleeping.get();
        other.shutdown();
        run(victim, "SELECT 'alive'");
        try (Statement timed = victim.createStatement()) {
            timed.setQueryTimeout(1);
            attempt(() -> timed.execute("SELECT SLEEP(100), COUNT(*) FROM items"));
        }
        victim.abort(Runnable::run);
        System.out.println(victim.isClosed());
        watcher.close();
        section("reconnect");
        try (Connection again = open("&autoReconnect=true")) {
            run(again, "SELECT 'again'");
        }
    }

    static void big(Connection c) throws Exception {
        section("big");
        byte[] value = new byte[20 << 20];
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) (i * 31);
        }
        execute(c, "INSERT INTO items (name, big) VALUES ('whole', ?)", value);
        attempt(() -> {
            try (PreparedStatement st = c.prepareStatement("INSERT INTO items (name, big) VALUES ('stream', ?)")) {
                st.setBinaryStream(1, new ByteArrayInputStream(value));
                System.out.println(st.executeUpdate());
            }
        });
        sync();
        run(c, "SELECT name, big FROM items WHERE big IS NOT NULL ORDER BY 1");
        execute(c, "SELECT big, name FROM items WHERE big IS NOT NULL ORDER BY 2");
    }

    static void pool() throws Exception {
        section("pool");
        org.mariadb.jdbc.MariaDbPoolDataSource source = new org.mariadb.jdbc.MariaDbPoolDataSource(
            "jdbc:mariadb://" + HOST + "/drv?user=app&password=app&maxPoolSize=5&" + common);
        ExecutorService threads = Executors.newFixedThreadPool(10);
        List<Future<Long>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            final int number = i;
            answers.add(threads.submit(() -> {
                try (Connection c = source.getConnection(); PreparedStatement st = c.prepareStatement("SELECT ?")) {
                    st.setInt(1, number);
                    ResultSet rows = st.executeQuery();
                    rows.next();
                    return rows.getLong(1);
                }
            }));
        }
        long sum = 0;
        for (Future<Long> answer : answers) {
            sum += answer.get();
        }
        System.out.println(sum);
        threads.shutdown();
        source.close();
    }

    public static void main(String[] arguments) throws Exception {
        String kind = arguments[0].equals("server") ? "&useServerPrepStmts=true" : "";
        if (System.getenv("DRV_TLS") != null) {
            common += "&useSsl=true&serverSslCert=" + System.getenv("DRV_TLS");
        }
        if (System.getenv("DRV_COMPRESS") != null) {
            common += "&useCompression=true";
        }
        connecting();
        Connection c = open(kind);
        statements(c);
        types(c);
        transactions(c);
        bulk(c, kind);
        streaming(c);
        errors(c);
        killing();
        big(c);
        c.close();
        pool();
        section("end");
    }
}
