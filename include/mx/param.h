/*
 * Parameter rows. One row says everything about one setting; reading, checking, error texts,
 * runtime change, the REST schema, maxctrl's completion and the manual's table come from it.
 */
#ifndef MX_PARAM_H
#define MX_PARAM_H

#include "mx/base.h"

/* Type -> C type at `offset` of the configuration struct, in brackets. */
enum mx_param_type {
    MX_PARAM_BOOL,        /* true on yes 1 / false off no 0, any case [bool] */
    MX_PARAM_COUNT,       /* integer >= 0 [int64_t] */
    MX_PARAM_INT,         /* signed integer [int64_t] */
    MX_PARAM_PERCENT,     /* N% [int64_t] */
    MX_PARAM_SIZE,        /* digits with k M G T / Ki Mi Gi Ti [int64_t, bytes] */
    MX_PARAM_DURATION,    /* number with h m min s ms, also 1m30s [int64_t, milliseconds] */
    MX_PARAM_SECONDS,     /* the same, whole seconds only [int64_t, milliseconds] */
    MX_PARAM_ENUM,        /* one word of `values` [int64_t] */
    MX_PARAM_ENUM_MASK,   /* comma list of words of `values`, or-ed [int64_t] */
    MX_PARAM_ENUM_LIST,   /* comma list of words of `values`, kept in order [char **] */
    MX_PARAM_STRING,      /* one pair of quotes is stripped [char *], NULL when empty */
    MX_PARAM_STRINGLIST,  /* comma list [char **, ends with NULL; NULL when empty] */
    MX_PARAM_PATH,        /* [char *], absolute; `flags` say what must be possible with it */
    MX_PARAM_PATHLIST,    /* colon list [char **] */
    MX_PARAM_REGEX,       /* PCRE2 between slashes [char *, the pattern]; checked by compiling */
    MX_PARAM_PASSWORD,    /* plain or encrypted [char *, plain]; shown as ***** */
    MX_PARAM_HOST,        /* address:port [char *] */
    MX_PARAM_HOSTLIST,    /* host patterns [char **] */
    MX_PARAM_SERVER,      /* name of a server [char *] */
    MX_PARAM_SERVERLIST,  /* names of servers [char **] */
    MX_PARAM_SERVICE,     /* name of a service [char *] */
    MX_PARAM_TARGETLIST,  /* names of servers and services [char **] */
    MX_PARAM_MONITOR,     /* name of a monitor [char *] */
    MX_PARAM_FILTERLIST,  /* names of filters, separated by | [char **] */
    MX_PARAM_MODULE,      /* name of a module, as the user wrote it [char *] */
    MX_PARAM_THROTTLING,  /* count, window, suppress [struct mx_throttling] */
    MX_PARAM_DISK_LIMITS, /* path:percent list [char **, each "path:percent"] */
};

enum mx_param_flag {
    MX_PARAM_MANDATORY = 1u << 0,
    MX_PARAM_RUNTIME = 1u << 1,    /* may be changed while running */
    MX_PARAM_DEPRECATED = 1u << 2, /* accepted with a warning */
    MX_PARAM_ALIAS = 1u << 3,      /* `value_default` holds the name of the row that is meant */
    MX_PARAM_HIDDEN = 1u << 4,     /* not in REST output nor in the manual */
    MX_PARAM_INERT = 1u << 5,     /* known, but without effect in this version: a warning says so */
    MX_PARAM_NO_SCHEMA = 1u << 6, /* not in the parameter list of GET /maxscale/modules */
    MX_PARAM_NO_VALUE = 1u << 7,  /* not among the parameters of the object in REST */
    MX_PARAM_PATH_R = 1u << 8,    /* path must be readable */
    MX_PARAM_PATH_W = 1u << 9,    /* ... writable */
    MX_PARAM_PATH_X = 1u << 10,   /* ... executable (a folder: enterable) */
    MX_PARAM_PATH_C = 1u << 11,   /* ... is made when missing */
    MX_PARAM_SIGNED = 1u << 12,   /* a duration may be negative */
};

struct mx_enum_value {
    const char *name;
    int64_t value; /* values with the same number are spellings of one; the first is printed */
};

struct mx_throttling {
    int64_t count;
    int64_t window_ms;
    int64_t suppress_ms;
};

struct mx_param {
    const char *name;
    enum mx_param_type type;
    uint32_t flags;
    size_t offset;
    const char *value_default; /* as text of the configuration file; NULL: empty or zero */
    int64_t min;               /* numbers: used when min < max */
    int64_t max;
    const struct mx_enum_value *values; /* ends with a NULL name */
    const char *doc;                    /* one line, ends with a full stop */
};

/* Name of an enum value, never NULL ("?" for a number that has none). */
MX_API const char *mx_enum_name(const struct mx_enum_value *values, int64_t value);

#endif
