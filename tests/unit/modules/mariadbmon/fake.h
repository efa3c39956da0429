/* A cluster made of plain values, for tests of decide and readiness. */
#ifndef TEST_MARIADBMON_FAKE_H
#define TEST_MARIADBMON_FAKE_H

#include "decide.h"
#include "readiness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAKE_MAX 8

struct fake {
    struct mon_config config;
    struct mon_settings settings;
    struct mon_server_settings servers[FAKE_MAX];
    char names[FAKE_MAX][32];
    struct mon_server_obs observed[FAKE_MAX];
    struct mon_observation obs;
    struct mon_history history;
    struct mon_decision decision;
    int64_t now_ms;
};

/* count running standalone servers server1..N, ports 3001..; all rights, nothing wrong. */
void fake_init(struct fake *fake, size_t count);
void fake_fini(struct fake *fake);
/* Healthy GTID replication. */
void fake_follow(struct fake *fake, size_t replica, size_t source);
void fake_unfollow(struct fake *fake, size_t replica);
void fake_gtid(struct mon_gtid_list *list, const char *text);
/* The same position everywhere: binlog, current, received. */
void fake_position(struct fake *fake, size_t server, const char *text);
void fake_down(struct fake *fake, size_t server, enum mon_link link);
/* One tick `later_ms` after the last one. The held bits follow the states. */
void fake_tick(struct fake *fake, int64_t later_ms);
bool fake_said(const struct fake *fake, const char *part);
uint32_t fake_status(const struct fake *fake, size_t server);
/* Index of the first step with that operation on that server, -1 when there is none. */
int fake_step(const struct mon_plan *plan, enum mon_op op, size_t server);
/* server1 primary, the others replicas, one tick done. */
void fake_healthy(struct fake *fake, size_t count);

#endif
