// The script of work with github.com/go-sql-driver/mysql.
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

var input = bufio.NewReader(os.Stdin)

func section(name string) { fmt.Println("==", name) }

func syncReplica() {
	fmt.Println("#sync")
	input.ReadString('\n')
}

func open(user, password, database, more string) *sql.DB {
	source := fmt.Sprintf("%s:%s@tcp(%s:%s)/%s?charset=utf8mb4&%s", user, password, os.Getenv("DRV_HOST"),
		os.Getenv("DRV_PORT"), database, more)
	if ca := os.Getenv("DRV_TLS"); ca != "" {
		pool := x509.NewCertPool()
		pem, _ := os.ReadFile(ca)
		pool.AppendCertsFromPEM(pem)
		mysql.RegisterTLSConfig("drv", &tls.Config{RootCAs: pool, ServerName: "localhost"})
		source += "&tls=drv"
	}
	db, err := sql.Open("mysql", source)
	if err != nil {
		panic(err)
	}
	return db
}

func failed(err error) bool {
	if err != nil {
		fmt.Println("error", err)
	}
	return err != nil
}

func plain(value interface{}) string {
	bytes, ok := value.([]byte)
	if !ok {
		return fmt.Sprintf("%T:%v", value, value)
	}
	if len(bytes) > 200 {
		return fmt.Sprintf("%d:%x", len(bytes), sha1.Sum(bytes))
	}
	return fmt.Sprintf("%q", bytes)
}

func show(rows *sql.Rows, err error) {
	if failed(err) {
		return
	}
	defer rows.Close()
	for {
		kinds, _ := rows.ColumnTypes()
		for _, kind := range kinds {
			precision, scale, ok := kind.DecimalSize()
			nullable, _ := kind.Nullable()
			fmt.Println("column", kind.Name(), kind.DatabaseTypeName(), precision, scale, ok, nullable)
		}
		for rows.Next() {
			values := make([]interface{}, len(kinds))
			places := make([]interface{}, len(kinds))
			for i := range values {
				places[i] = &values[i]
			}
			if failed(rows.Scan(places...)) {
				return
			}
			line := []string{"row"}
			for _, value := range values {
				line = append(line, plain(value))
			}
			fmt.Println(strings.Join(line, " "))
		}
		failed(rows.Err())
		if !rows.NextResultSet() {
			failed(rows.Err())
			return
		}
	}
}

type doer interface {
	QueryContext(context.Context, string, ...interface{}) (*sql.Rows, error)
	ExecContext(context.Context, string, ...interface{}) (sql.Result, error)
}

var ctx = context.Background()

func query(c doer, text string, args ...interface{}) {
	rows, err := c.QueryContext(ctx, text, args...)
	show(rows, err)
}

func exec(c doer, text string, args ...interface{}) {
	result, err := c.ExecContext(ctx, text, args...)
	if failed(err) {
		return
	}
	affected, _ := result.RowsAffected()
	id, _ := result.LastInsertId()
	fmt.Println("affected", affected, "id", id)
}

func connecting() {
	section("connect")
	db := open("app", "app", "drv", "")
	query(db, "SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection")
	db.Close()
	for _, words := range [][]string{{"app", "app", "nosuch"}, {"app", "wrong", "drv"}, {"nobody", "", "drv"}} {
		db = open(words[0], words[1], words[2], "")
		failed(db.Ping())
		db.Close()
	}
	db = open("app", "app", "drv", "sql_mode=%27ANSI%27&collation=utf8mb4_bin&parseTime=true")
	query(db, "SELECT @@sql_mode, @@collation_connection, TIMESTAMP'2024-02-29 01:02:03'")
	db.Close()
}

func statements(c *sql.Conn) {
	section("text")
	exec(c, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)")
	exec(c, "UPDATE items SET n = 5 WHERE n = ?", 1)
	exec(c, "DELETE FROM items WHERE name = 'b'")
	syncReplica()
	query(c, "SELECT id, name, n FROM items ORDER BY id")
	query(c, "SELECT CAST('x' AS INT), drv.twice(?)", 4)
	section("multi")
	several := open("app", "app", "drv", "multiStatements=true")
	query(several, "SELECT 1; SELECT 'x', NULL; SELECT 2")
	exec(several, "UPDATE items SET n = 6 WHERE name = 'a'; DO 0; SELECT 1")
	query(several, "SELECT 'still here'")
	several.Close()
	section("call")
	query(c, "CALL two(7, @out)")
	query(c, "CALL two(?, @out)", 8)
	query(c, "SELECT @out")
	exec(c, "CALL fails()")
}

func types(c *sql.Conn) {
	section("types")
	names := "id, i8, u8, i16, u16, i24, i32, u32, i64, u64, f, d, n, y, da, t, dt, ts, c, v, bi, vb, tt, tx, mt, bl, " +
		"j, e, s, u, ip, b"
	text := "INSERT INTO types (" + names + ", g) VALUES (" + strings.Repeat("?, ", 32) + "ST_PointFromText('POINT(1 2)'))"
	moment := time.Date(2024, 2, 29, 23, 59, 58, 123456000, time.UTC)
	values := []interface{}{1, -128, 255, -32768, 65535, -8388608, -2147483648, 4294967295, int64(-1 << 63),
		^uint64(0), float32(1.5), -2.25e300, "-12345678901234567890.0123456789", 2024, "2024-02-29",
		"-838:59:59.000", moment, moment, "char", "vär €😀", []byte{0, 1, 2, 3}, make([]byte, 100), "tiny",
		"text's \"quotes\" \\ \x00 end", strings.Repeat("m", 70000), []byte{255, 254, 0}, `{"a": [1, null]}`, "ü",
		"x,z", "123e4567-e89b-12d3-a456-426614174000", "::1", []byte{2, 1}}
	exec(c, text, values...)
	nulls := make([]interface{}, 32)
	nulls[0] = 2
	exec(c, text, nulls...)
	exec(c, text, nulls...)
	syncReplica()
	query(c, "SELECT * FROM types ORDER BY id")
	query(c, "SELECT * FROM types WHERE id < ? ORDER BY id", 10)
	query(c, "SELECT FROM ?", 1)
	st, err := c.PrepareContext(ctx, "SELECT name, ? FROM items WHERE id = ?")
	if !failed(err) {
		for i := 1; i < 4; i++ {
			rows, err := st.QueryContext(ctx, "x", i)
			show(rows, err)
		}
		st.Close()
	}
}

func transactions(c *sql.Conn) {
	section("transaction")
	tx, _ := c.BeginTx(ctx, nil)
	exec(tx, "INSERT INTO items (name) VALUES (?)", "t1")
	exec(tx, "SAVEPOINT s")
	exec(tx, "INSERT INTO items (name) VALUES ('t2')")
	query(tx, "SELECT name FROM items WHERE name LIKE ? ORDER BY 1", "t_")
	exec(tx, "ROLLBACK TO s")
	failed(tx.Commit())
	tx, _ = c.BeginTx(ctx, nil)
	exec(tx, "DELETE FROM items")
	failed(tx.Rollback())
	syncReplica()
	query(c, "SELECT name FROM items ORDER BY id")
	tx, _ = c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelSerializable})
	query(tx, "SELECT COUNT(*) FROM items")
	exec(tx, "INSERT INTO items (name) VALUES ('ro')")
	failed(tx.Rollback())
}

func bulk(c *sql.Conn) {
	section("infile")
	mysql.RegisterLocalFile(os.Getenv("DRV_FILE"))
	exec(c, "LOAD DATA LOCAL INFILE '"+os.Getenv("DRV_FILE")+"' INTO TABLE loaded")
	syncReplica()
	query(c, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded")
	exec(c, "LOAD DATA LOCAL INFILE '/not/registered' INTO TABLE loaded")
	section("bulk")
	var values []interface{}
	for i := 0; i < 3000; i++ {
		values = append(values, 100000+i, fmt.Sprint("bulk ", i), i)
	}
	exec(c, "INSERT INTO loaded VALUES (?, ?, ?)"+strings.Repeat(", (?, ?, ?)", 2999), values...)
	syncReplica()
	query(c, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded")
}

func streaming(c *sql.Conn) {
	section("stream")
	for _, args := range [][]interface{}{{"SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000"},
		{"SELECT seq, REPEAT(?, seq % 100) FROM seq_1_to_20000", "y"}} {
		rows, err := c.QueryContext(ctx, args[0].(string), args[1:]...)
		failed(err)
		sum, text := 0, ""
		for n := 0; rows.Next(); {
			rows.Scan(&n, &text)
			sum += n + len(text)
		}
		fmt.Println(sum)
		rows.Close()
		rows, _ = c.QueryContext(ctx, args[0].(string), args[1:]...)
		fmt.Println(rows.Next())
		rows.Close()
	}
	query(c, "SELECT 'after'")
}

func errors(c *sql.Conn) {
	section("ping")
	failed(c.PingContext(ctx))
	section("errors")
	for _, text := range []string{"INSERT INTO items (name) VALUES ('a')", "SELEKT 1", "SELECT * FROM nosuch",
		"INSERT INTO items (name) VALUES (REPEAT('x', 41))", "INSERT INTO types (id, u8) VALUES (9, -1)",
		"CALL nosuch()"} {
		exec(c, text)
		_, err := c.PrepareContext(ctx, text)
		failed(err)
	}
}

// A context that is cancelled closes the connection; the pool makes another one. KILL QUERY goes over a second one.
func killing(db *sql.DB) {
	section("kill")
	victim, _ := db.Conn(ctx)
	exec(victim, "BEGIN")
	var done sync.WaitGroup
	var id int
	exec(victim, "SET @x = 1")
	victim.QueryRowContext(ctx, "SELECT COUNT(*) FROM items").Scan(&id)
	limited, cancel := context.WithCancel(ctx)
	done.Add(1)
	go func() {
		rows, err := victim.QueryContext(limited, "SELECT SLEEP(100), COUNT(*) FROM items")
		show(rows, err)
		done.Done()
	}()
	for seen := 0; seen == 0; time.Sleep(10 * time.Millisecond) {
		tx, _ := db.BeginTx(ctx, nil)
		tx.QueryRow("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%'").Scan(&seen)
		tx.Commit()
	}
	cancel()
	done.Wait()
	victim.Close()
	section("reconnect")
	query(db, "SELECT 'again'")
}

func big(c *sql.Conn) {
	section("big")
	value := make([]byte, 20<<20)
	for i := range value {
		value[i] = byte(i * 31)
	}
	exec(c, "INSERT INTO items (name, big) VALUES (?, ?)", "big", value)
	syncReplica()
	query(c, "SELECT name, big FROM items WHERE big IS NOT NULL")
	query(c, "SELECT big, name FROM items WHERE big IS NOT NULL AND id > ?", 0)
}

func pool(db *sql.DB) {
	section("pool")
	db.SetMaxOpenConns(5)
	var done sync.WaitGroup
	answers := make([]int, 100)
	for i := range answers {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			if err := db.QueryRow("SELECT ?", i).Scan(&answers[i]); err != nil {
				fmt.Println(err)
			}
		}(i)
	}
	done.Wait()
	fmt.Println(answers)
}

func main() {
	connecting()
	db := open("app", "app", "drv", "maxAllowedPacket=67108864")
	c, err := db.Conn(ctx)
	if err != nil {
		panic(err)
	}
	statements(c)
	types(c)
	transactions(c)
	bulk(c)
	streaming(c)
	errors(c)
	killing(db)
	big(c)
	pool(db)
	c.Close()
	db.Close()
	section("end")
}
