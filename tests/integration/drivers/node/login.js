// Logs in twice and prints who it is: login.js mariadb|mysql2 port user password.
'use strict';

const [name, port, user, password] = process.argv.slice(2);
const isMariadb = name === 'mariadb';
const driver = require(isMariadb ? 'mariadb' : 'mysql2/promise');
const settings = { host: '127.0.0.1', port: Number(port), user, password };
if (isMariadb) settings.allowPublicKeyRetrieval = true;

async function main() {
  for (let i = 0; i < 2; i++) {
    const connection = await driver.createConnection(settings);
    const result = await connection.query('SELECT CURRENT_USER() AS name');
    console.log((isMariadb ? result : result[0])[0].name);
    await connection.end();
  }
}

main().catch((error) => {
  console.log('error', error.errno);
  process.exitCode = 1;
});
