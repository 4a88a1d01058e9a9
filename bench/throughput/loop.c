/* The same work in C: reads 8 registers of each unit every 100 ms, publishes each reading with QoS 1.

   cc -O2 loop.c -o loop -lmodbus -lmosquitto -lsqlite3
   ./loop NAME BROKER_PORT OUTBOX UNIT_PORT...

   OUTBOX is an SQLite file, or "-": then nothing is kept and a reading that nobody takes is gone.
   With it a reading is published when it is on disk (synchronous=FULL, one commit a tick), and its
   row is deleted by the first commit after the broker's acknowledgement. */
#include <modbus/modbus.h>
#include <mosquitto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PERIOD_NS 100000000L
#define REGISTERS 8
#define WINDOW 65536 /* message ids are 16 bits */

static sqlite3 *outbox;
static sqlite3_stmt *insert, *drop;
static sqlite3_int64 row_of[WINDOW];
static sqlite3_int64 acknowledged[WINDOW];
static int acknowledged_count;
static struct mosquitto *broker;

static void must(int sound, const char *what)
{
    if (!sound) {
        fprintf(stderr, "loop: %s\n", what);
        exit(1);
    }
}

static void on_publish(struct mosquitto *client, void *unused, int mid)
{
    (void)client, (void)unused;
    if (row_of[mid])
        acknowledged[acknowledged_count++] = row_of[mid];
    row_of[mid] = 0;
}

static void open_outbox(const char *path)
{
    must(sqlite3_open(path, &outbox) == SQLITE_OK, "the outbox cannot be opened");
    must(sqlite3_exec(outbox,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, topic TEXT, "
                      "message TEXT)",
                      NULL, NULL, NULL) == SQLITE_OK, "the outbox cannot be made");
    sqlite3_prepare_v2(outbox, "INSERT INTO outbox (topic, message) VALUES (?, ?)", -1, &insert,
                       NULL);
    sqlite3_prepare_v2(outbox, "DELETE FROM outbox WHERE id = ?", -1, &drop, NULL);
}

static sqlite3_int64 keep(const char *topic, const char *message)
{
    sqlite3_bind_text(insert, 1, topic, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, message, -1, SQLITE_STATIC);
    must(sqlite3_step(insert) == SQLITE_DONE, "a reading cannot be kept");
    sqlite3_reset(insert);
    return sqlite3_last_insert_rowid(outbox);
}

static void drop_acknowledged(void)
{
    for (int i = 0; i < acknowledged_count; i++) {
        sqlite3_bind_int64(drop, 1, acknowledged[i]);
        sqlite3_step(drop);
        sqlite3_reset(drop);
    }
    acknowledged_count = 0;
}

static void write_value(char *text, size_t size, const uint16_t *words, const char *basis, int stable)
{
    uint32_t digits = (uint32_t)words[0] << 16 | words[1];
    snprintf(text, size,
             "{\"basis\":\"%s\",\"quantity\":\"weight\",\"stable\":%s,\"unit\":\"kg\","
             "\"value\":\"%u.%02u\"}",
             basis, stable ? "true" : "false", digits / 100, digits % 100);
}

static void write_reading(char *text, size_t size, int unit, long n, const uint16_t *words)
{
    char gross[128], net[128], at[32];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", gmtime(&now.tv_sec));
    int stable = words[0] >> 11 & 1;
    write_value(gross, sizeof gross, words + 1, "gross", stable);
    write_value(net, sizeof net, words + 3, "net", stable);
    snprintf(text, size,
             "{\"at\":\"%s.%03ldZ\",\"instrument\":\"u%02d\",\"n\":%ld,\"values\":[%s,%s]}", at,
             now.tv_nsec / 1000000, unit, n, gross, net);
}

static long until(const struct timespec *due)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (due->tv_sec - now.tv_sec) * 1000 + (due->tv_nsec - now.tv_nsec) / 1000000;
}

static void next_tick(struct timespec *due)
{
    due->tv_nsec += PERIOD_NS;
    if (due->tv_nsec >= 1000000000L) {
        due->tv_nsec -= 1000000000L;
        due->tv_sec++;
    }
    for (long left; (left = until(due)) > 0;)
        mosquitto_loop(broker, left, 1);
}

static void poll_all(modbus_t **units, int count, const char *name, long n)
{
    static char topics[256][96], messages[256][512];
    static sqlite3_int64 rows[256];
    if (outbox)
        sqlite3_exec(outbox, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int unit = 0; unit < count; unit++) {
        uint16_t words[REGISTERS];
        must(modbus_read_registers(units[unit], 0, REGISTERS, words) == REGISTERS, "no answer");
        snprintf(topics[unit], sizeof *topics, "tramdo/v1/%s/ev/reading/u%02d", name, unit);
        write_reading(messages[unit], sizeof *messages, unit, n, words);
        rows[unit] = outbox ? keep(topics[unit], messages[unit]) : 0;
    }
    if (outbox) {
        drop_acknowledged();
        must(sqlite3_exec(outbox, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "no commit");
    }
    for (int unit = 0; unit < count; unit++) {
        int mid;
        const char *message = messages[unit];
        mosquitto_publish(broker, &mid, topics[unit], strlen(message), message, 1, false);
        row_of[mid] = rows[unit];
    }
}

int main(int argc, char **argv)
{
    must(argc > 4 && argc <= 260, "NAME BROKER_PORT OUTBOX UNIT_PORT...");
    int count = argc - 4;
    modbus_t *units[256];
    if (strcmp(argv[3], "-"))
        open_outbox(argv[3]);
    mosquitto_lib_init();
    broker = mosquitto_new(NULL, true, NULL);
    mosquitto_publish_callback_set(broker, on_publish);
    must(mosquitto_connect(broker, "127.0.0.1", atoi(argv[2]), 60) == MOSQ_ERR_SUCCESS, "no broker");
    for (int i = 0; i < count; i++) {
        units[i] = modbus_new_tcp("127.0.0.1", atoi(argv[4 + i]));
        modbus_set_slave(units[i], 1);
        must(modbus_connect(units[i]) == 0, "no unit");
    }
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (long n = 1;; n++) {
        poll_all(units, count, argv[1], n);
        next_tick(&due);
    }
}
