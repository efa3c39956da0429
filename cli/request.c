/* HTTP with libcurl: one connection handle per run, kept alive between requests. */
#include "request.h"

#include "json_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define RAW_ANSWER_SHOWN 1000

struct answer {
    struct cli_text body;
    struct cli_text warnings; /* of the header, separated by ; */
    struct cli_text reason;   /* of the status line */
    long status;
    bool too_long;
};

void
cli_url_add(struct cli_text *url, const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (isalnum(c) || strchr("-._~@:!$()*,", c) != NULL) {
            cli_text_char(url, *p);
        } else {
            cli_text_format(url, "%%%02X", (unsigned)c);
        }
    }
}

char *
cli_url_object(const char *collection, const char *name)
{
    struct cli_text url = {0};
    cli_text_format(&url, "%s/", collection);
    cli_url_add(&url, name);
    return cli_text_take(&url);
}

/* What cannot stand in a request line at all is escaped; everything else the caller wrote. */
static void
add_raw(struct cli_text *url, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= 0x20 || c >= 0x7f || strchr("\"<>#\\^`{|}", c) != NULL) {
            cli_text_format(url, "%%%02X", (unsigned)c);
        } else {
            cli_text_char(url, *p);
        }
    }
}

static char *
make_url(const struct cli *cli, const char *resource)
{
    struct cli_text url = {0};
    cli_text_format(&url, "%s://%s/v1/", cli->settings.secure ? "https" : "http", cli->host);
    add_raw(&url, resource);
    if (cli->settings.skip_sync) {
        cli_text_format(&url, "%csync=false", strchr(resource, '?') != NULL ? '&' : '?');
    }
    return cli_text_take(&url);
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct answer *answer = data;
    size_t len = size * count;
    if (answer->body.len + len > ANSWER_BYTES_MAX) {
        answer->too_long = true;
        return 0;
    }
    cli_text_append(&answer->body, bytes, len);
    return len;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *data)
{
    static const char warning[] = "Mxs-Warning:";
    struct answer *answer = data;
    size_t len = size * count;
    if (len > 5 && strncmp(bytes, "HTTP/", 5) == 0) {
        /* HTTP/1.1 404 Not Found */
        const char *code = memchr(bytes, ' ', len);
        size_t left = code != NULL ? len - (size_t)(code - bytes) - 1 : 0;
        const char *reason = left > 0 ? memchr(code + 1, ' ', left) : NULL;
        cli_text_clear(&answer->reason);
        if (reason != NULL) {
            cli_text_append(&answer->reason, reason + 1, len - (size_t)(reason + 1 - bytes));
        }
        cli_text_trim(&answer->reason);
    } else if (len > sizeof(warning) - 1 && strncasecmp(bytes, warning, sizeof(warning) - 1) == 0) {
        cli_text_append(&answer->warnings, bytes + sizeof(warning) - 1,
                        len - (sizeof(warning) - 1));
        cli_text_trim(&answer->warnings);
    }
    return len;
}

static bool
is_local(const char *host)
{
    return strncmp(host, "127.0.0.1", 9) == 0 || strncmp(host, "localhost", 9) == 0;
}

static void
set_tls(const struct cli *cli)
{
    const struct cli_settings *s = &cli->settings;
    (void)curl_easy_setopt(cli->curl, CURLOPT_SSL_VERIFYPEER, s->tls_verify ? 1L : 0L);
    (void)curl_easy_setopt(cli->curl, CURLOPT_SSL_VERIFYHOST, s->tls_verify ? 2L : 0L);
    (void)curl_easy_setopt(cli->curl, CURLOPT_CAINFO, s->tls_ca_cert);
    (void)curl_easy_setopt(cli->curl, CURLOPT_SSLCERT, s->tls_cert);
    (void)curl_easy_setopt(cli->curl, CURLOPT_SSLKEY, s->tls_key);
    (void)curl_easy_setopt(cli->curl, CURLOPT_KEYPASSWD, s->tls_passphrase);
}

static void
set_options(const struct cli *cli, struct answer *answer, const char *method, const char *url)
{
    CURL *curl = cli->curl;
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, cli->settings.timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    (void)curl_easy_setopt(curl, CURLOPT_USERNAME, cli->settings.user);
    (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, cli->settings.password);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    if (is_local(cli->host)) {
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
    if (cli->settings.secure) {
        set_tls(cli);
    }
}

static int
fail_transport(struct cli *cli, CURLcode code, const struct answer *answer)
{
    static const char https_hint[] =
        "If MaxScale is configured to use HTTPS, use the --secure option.";
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return cli_fail(cli, "Error: Could not connect to MaxScale");
    case CURLE_COULDNT_RESOLVE_HOST:
        return cli_fail(cli, "Error: The address of '%s' could not be found; check --hosts",
                        cli->host);
    case CURLE_OPERATION_TIMEDOUT:
        return cli_fail(cli, "Error: timeout of %ldms exceeded", cli->settings.timeout_ms);
    case CURLE_WRITE_ERROR:
        return cli_fail(cli, "Error: %s",
                        answer->too_long ? "The answer is larger than 512 MiB"
                                         : "The answer could not be read");
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL: /* bytes that are not HTTP */
    case CURLE_WEIRD_SERVER_REPLY:
        if (!cli->settings.secure) {
            return cli_fail(cli, "Error: The connection ended without an answer. %s", https_hint);
        }
        return cli_fail(cli, "Error: The connection ended without an answer");
    case CURLE_SSL_CONNECT_ERROR:
        return cli_fail(cli,
                        "Error: No TLS connection to %s could be made (%s). If the REST API "
                        "does not use HTTPS, leave out the --secure option.",
                        cli->host, curl_easy_strerror(code));
    case CURLE_PEER_FAILED_VERIFICATION:
        return cli_fail(cli,
                        "Error: The certificate of %s could not be verified; give its "
                        "authority with --tls-ca-cert, or use "
                        "--tls-verify-server-cert=false",
                        cli->host);
    default:
        return cli_fail(cli, "Error: %s", curl_easy_strerror(code));
    }
}

/* Own words for an answer without a reason phrase. */
static const char *
reason_of(const struct answer *answer)
{
    return answer->reason.len > 0 ? answer->reason.data : "(no reason given)";
}

static int
fail_status(struct cli *cli, const struct answer *answer, const char *method, const char *resource)
{
    struct cli_text detail = {0};
    json_t *json =
        json_loadb(cli_text_string(&answer->body), answer->body.len, JSON_ALLOW_NUL, NULL);
    if (json != NULL) {
        cli_text_char(&detail, '\n');
        cli_json_text(&detail, json, 4);
        json_decref(json);
    } else if (answer->body.len > 0) {
        cli_text_char(&detail, '\n');
        for (size_t i = 0; i < mx_min_size(answer->body.len, RAW_ANSWER_SHOWN); i++) {
            char c = answer->body.data[i];
            cli_text_char(&detail, iscntrl((unsigned char)c) && c != '\n' ? ' ' : c);
        }
        cli_text_trim(&detail);
    } else if (answer->status == 404) {
        cli_text_add(&detail,
                     ". \nCheck that the object exists and that it is of the correct type.");
    }
    int rc = cli_fail(cli, "Error: Server at %s://%s responded with %ld %s to `%s %s`%s",
                      cli->settings.secure ? "https" : "http", cli->host, answer->status,
                      reason_of(answer), method, resource[0] != '\0' ? resource : "/",
                      cli_text_string(&detail));
    cli_text_fini(&detail);
    return rc;
}

static int
read_answer(struct cli *cli, const struct answer *answer, const char *method, const char *resource,
            json_t **out)
{
    json_error_t error;
    if (answer->status < 200 || answer->status > 299) {
        return fail_status(cli, answer, method, resource);
    }
    if (out == NULL || answer->body.len == 0) {
        return 0;
    }
    size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
    *out = json_loadb(answer->body.data, answer->body.len, flags, &error);
    if (*out == NULL) {
        /* Integers beyond 64 bits are read as reals. */
        *out = json_loadb(answer->body.data, answer->body.len, flags | JSON_DECODE_INT_AS_REAL,
                          &error);
    }
    if (*out == NULL) {
        return cli_fail(cli,
                        "Error: Server at %s://%s did not answer `%s %s` with JSON: %s (line %d, "
                        "column %d). Check that --hosts names the REST API of MaxScale.",
                        cli->settings.secure ? "https" : "http", cli->host, method, resource,
                        error.text, error.line, error.column);
    }
    return 0;
}

static void
keep_warnings(struct cli *cli, const struct answer *answer)
{
    const char *p = cli_text_string(&answer->warnings);
    while (*p != '\0') {
        size_t blanks = strspn(p, " \t;");
        p += blanks;
        size_t len = strcspn(p, ";");
        if (len > 0) {
            cli_text_append(&cli->warnings, p, len);
            cli_text_char(&cli->warnings, '\n');
        }
        p += len;
    }
}

static int
perform(struct cli *cli, const char *method, const char *url, json_t *body, struct answer *answer)
{
    struct cli_text text = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    set_options(cli, answer, method, url);
    if (body != NULL) {
        cli_json_text(&text, body, 0);
        headers = curl_slist_append(headers, "Content-Type: application/json");
        headers = curl_slist_append(headers, "Expect:");
        (void)curl_easy_setopt(cli->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)text.len);
        (void)curl_easy_setopt(cli->curl, CURLOPT_POSTFIELDS, text.data);
    } else if (strcmp(method, "GET") != 0) {
        /* So that the length (0) is sent and nothing is waited for. */
        (void)curl_easy_setopt(cli->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
        (void)curl_easy_setopt(cli->curl, CURLOPT_POSTFIELDS, "");
        headers = curl_slist_append(headers, "Content-Type: application/json");
    }
    (void)curl_easy_setopt(cli->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(cli->curl);
    (void)curl_easy_getinfo(cli->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    cli_text_fini(&text);
    return code == CURLE_OK ? 0 : fail_transport(cli, code, answer);
}

int
cli_request(struct cli *cli, const char *method, const char *resource, json_t *body, json_t **out)
{
    struct answer answer = {0};
    if (out != NULL) {
        *out = NULL;
    }
    if (cli->curl == NULL) {
        cli->curl = curl_easy_init();
        if (cli->curl == NULL) {
            return cli_fail(cli, "Error: the HTTP client could not be started");
        }
    }
    char *url = make_url(cli, resource);
    int rc = perform(cli, method, url, body, &answer);
    if (rc == 0) {
        rc = read_answer(cli, &answer, method, resource, out);
    }
    if (rc == 0) {
        keep_warnings(cli, &answer);
    }
    free(url);
    cli_text_fini(&answer.body);
    cli_text_fini(&answer.warnings);
    cli_text_fini(&answer.reason);
    return rc;
}

int
cli_get(struct cli *cli, const char *resource, json_t **out)
{
    if (cli_request(cli, "GET", resource, NULL, out) != 0) {
        return -1;
    }
    if (!json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        return cli_fail(cli,
                        "Error: Server at %s://%s answered `GET %s` without an object. Check "
                        "that --hosts names the REST API of MaxScale.",
                        cli->settings.secure ? "https" : "http", cli->host, resource);
    }
    return 0;
}
