/*
 * The handlers of the route table, one file per kind of resource (res_<kind>.c), and what they
 * share.
 */
#ifndef ADMIN_RES_H
#define ADMIN_RES_H

#include "admin/envelope.h"
#include "admin/request.h"
#include "admin/route.h"
#include "core/objects.h"

/* One resource of an object with attributes, relationships and links; a new reference. */
json_t *admin_server_resource(const struct admin_request *request, const struct mx_server *server);
json_t *admin_service_resource(const struct admin_request *request,
                               const struct mx_service *service);
json_t *admin_listener_resource(const struct admin_request *request,
                                const struct core_listener *listener);
json_t *admin_monitor_resource(const struct admin_request *request,
                               const struct mx_monitor *monitor);
json_t *admin_filter_resource(const struct admin_request *request,
                              const struct core_filter *filter);

/* Adds connections, packets and so on of a server or service. */
void admin_statistics_add(json_t *statistics, const struct core_target_totals *totals);
/* Sums of all workers, zero for none. */
struct core_target_totals admin_totals(const struct core_target_stats *stats, size_t worker_count);

/* The list has the name. */
bool admin_list_has(char *const *list, const char *name);

/*
 * Text at a JSON pointer of the request body, not empty. NULL: missing or of another type; the
 * error (400) is in `response`.
 */
const char *admin_body_text(const struct admin_request *request, const char *pointer,
                            struct admin_response *response);

/* One of GET /servers, /servers/x, /servers/x/relationships/y for all kinds of objects. */
void admin_get_all(struct admin_request *request, struct admin_response *response);
void admin_get_one(struct admin_request *request, struct admin_response *response);
void admin_get_relation(struct admin_request *request, struct admin_response *response);

void admin_get_root(struct admin_request *request, struct admin_response *response);
void admin_get_auth(struct admin_request *request, struct admin_response *response);

void admin_put_server_set(struct admin_request *request, struct admin_response *response);
void admin_put_server_clear(struct admin_request *request, struct admin_response *response);

void admin_put_monitor_start(struct admin_request *request, struct admin_response *response);
void admin_put_monitor_stop(struct admin_request *request, struct admin_response *response);

void admin_put_service_start(struct admin_request *request, struct admin_response *response);
void admin_put_service_stop(struct admin_request *request, struct admin_response *response);
void admin_post_service_reload(struct admin_request *request, struct admin_response *response);
void admin_get_service_listeners(struct admin_request *request, struct admin_response *response);
void admin_get_service_listener(struct admin_request *request, struct admin_response *response);

void admin_put_listener_start(struct admin_request *request, struct admin_response *response);
void admin_put_listener_stop(struct admin_request *request, struct admin_response *response);

/* Made, changed, removed: res_config.c. */
void admin_post_listener(struct admin_request *request, struct admin_response *response);
void admin_post_service_listener(struct admin_request *request, struct admin_response *response);
void admin_patch_object(struct admin_request *request, struct admin_response *response);
void admin_delete_listener(struct admin_request *request, struct admin_response *response);
void admin_delete_service_listener(struct admin_request *request, struct admin_response *response);

void admin_get_sessions(struct admin_request *request, struct admin_response *response);
void admin_get_session(struct admin_request *request, struct admin_response *response);
void admin_get_session_relation(struct admin_request *request, struct admin_response *response);
void admin_delete_session(struct admin_request *request, struct admin_response *response);

void admin_get_maxscale(struct admin_request *request, struct admin_response *response);
void admin_post_tls_reload(struct admin_request *request, struct admin_response *response);
void admin_get_memory(struct admin_request *request, struct admin_response *response);
void admin_get_threads(struct admin_request *request, struct admin_response *response);
void admin_get_thread(struct admin_request *request, struct admin_response *response);
void admin_post_thread_rebalance(struct admin_request *request, struct admin_response *response);
void admin_post_rebalance(struct admin_request *request, struct admin_response *response);

void admin_get_logs(struct admin_request *request, struct admin_response *response);
void admin_get_log_data(struct admin_request *request, struct admin_response *response);
void admin_get_log_entries(struct admin_request *request, struct admin_response *response);
void admin_post_log_flush(struct admin_request *request, struct admin_response *response);

void admin_get_modules(struct admin_request *request, struct admin_response *response);
void admin_get_module(struct admin_request *request, struct admin_response *response);
void admin_call_command(struct admin_request *request, struct admin_response *response);

void admin_get_classifier(struct admin_request *request, struct admin_response *response);
void admin_get_classify(struct admin_request *request, struct admin_response *response);

void admin_get_monitor_wait(struct admin_request *request, struct admin_response *response);
void admin_get_termination(struct admin_request *request, struct admin_response *response);

void admin_get_users(struct admin_request *request, struct admin_response *response);
void admin_get_unix_users(struct admin_request *request, struct admin_response *response);
void admin_get_user(struct admin_request *request, struct admin_response *response);
void admin_post_user(struct admin_request *request, struct admin_response *response);
void admin_post_unix_user(struct admin_request *request, struct admin_response *response);
void admin_patch_user(struct admin_request *request, struct admin_response *response);
void admin_delete_user(struct admin_request *request, struct admin_response *response);

#endif
