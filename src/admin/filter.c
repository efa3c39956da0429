/*
 * Filter expressions as an array of nodes in the order they were opened. An argument stands behind
 * its owner, so one pass from the end gives every node its truth value without recursion.
 */
#include "admin/filter.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 64u
#define NO_OWNER  NODES_MAX

enum op {
    OP_EQ = 0,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_COUNT,
};

static const char op_names[OP_COUNT][4] = {"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"};

struct node {
    enum op op;
    size_t owner;  /* NO_OWNER: the root */
    json_t *value; /* comparisons only */
};

struct admin_filter {
    size_t count;
    struct node nodes[NODES_MAX];
};

struct parser {
    struct admin_filter *filter;
    const char *pos;
    size_t owner; /* the open and/or/not, NO_OWNER: none */
    char *why;
};

#define WHY_SIZE 256

static int
fail(struct parser *parser, const char *what)
{
    (void)snprintf(parser->why, WHY_SIZE, "%s at '%.60s'", what, parser->pos);
    return -1;
}

static void
skip_blanks(struct parser *parser)
{
    while (isspace((unsigned char)*parser->pos)) {
        parser->pos++;
    }
}

static json_t *
parse_value(struct parser *parser)
{
    json_error_t error;
    json_t *value = json_loadb(parser->pos, strlen(parser->pos),
                               JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);

    if (value == NULL) {
        (void)fail(parser, "a JSON value is expected");
    } else {
        parser->pos += error.position;
    }
    return value;
}

static enum op
parse_op(struct parser *parser)
{
    for (size_t i = 0; i < OP_COUNT; i++) {
        size_t len = strlen(op_names[i]);
        if (strncmp(parser->pos, op_names[i], len) == 0 && parser->pos[len] == '(') {
            parser->pos += len + 1;
            return (enum op)i;
        }
    }
    return OP_COUNT;
}

/* One operator up to its bracket; a comparison up to its closing one. */
static int
parse_node(struct parser *parser)
{
    struct admin_filter *filter = parser->filter;
    struct node *node = &filter->nodes[filter->count];
    enum op op;

    skip_blanks(parser);
    if (filter->count == NODES_MAX) {
        return fail(parser, "the expression has more than 64 parts");
    }
    op = parse_op(parser);
    if (op == OP_COUNT) {
        return fail(parser, "one of eq( ne( lt( le( gt( ge( and( or( not( is expected");
    }
    *node = (struct node){.op = op, .owner = parser->owner};
    filter->count++;
    if (op >= OP_AND) {
        parser->owner = filter->count - 1;
        return 0;
    }
    skip_blanks(parser);
    node->value = parse_value(parser);
    skip_blanks(parser);
    if (node->value == NULL) {
        return -1;
    }
    if (*parser->pos != ')') {
        return fail(parser, "a closing bracket is missing");
    }
    parser->pos++;
    return 0;
}

/* After a complete argument: close what ends here. 1: another argument follows, 0: all done. */
static int
parse_end(struct parser *parser)
{
    for (;;) {
        skip_blanks(parser);
        if (parser->owner == NO_OWNER) {
            return *parser->pos == '\0' ? 0 : fail(parser, "there is text behind the expression");
        }
        if (*parser->pos == ',') {
            parser->pos++;
            return 1;
        }
        if (*parser->pos != ')') {
            return fail(parser, "a comma or a closing bracket is missing");
        }
        parser->pos++;
        parser->owner = parser->filter->nodes[parser->owner].owner;
    }
}

static int
parse_expression(struct parser *parser)
{
    int more = 1;

    while (more == 1) {
        if (parse_node(parser) != 0) {
            return -1;
        }
        if (parser->filter->nodes[parser->filter->count - 1].op < OP_AND) {
            more = parse_end(parser);
        }
    }
    return more;
}

struct admin_filter *
admin_filter_parse(const char *text, char why[256])
{
    struct admin_filter *filter = mx_calloc(1, sizeof(*filter));
    struct parser parser = {.filter = filter, .pos = text, .owner = NO_OWNER};
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

    parser.why = why;
    if (value != NULL) {
        filter->nodes[0] = (struct node){.op = OP_EQ, .owner = NO_OWNER, .value = value};
        filter->count = 1;
        return filter;
    }
    if (parse_expression(&parser) != 0) {
        admin_filter_free(filter);
        return NULL;
    }
    return filter;
}

void
admin_filter_free(struct admin_filter *filter)
{
    for (size_t i = 0; filter != NULL && i < filter->count; i++) {
        json_decref(filter->nodes[i].value);
    }
    free(filter);
}

/* Order of two values; false: they have none. */
static bool
compare(const json_t *a, const json_t *b, int *out)
{
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a);
        double y = json_number_value(b);
        *out = (x > y) - (x < y);
        return true;
    }
    if (json_is_string(a) && json_is_string(b)) {
        *out = strcmp(json_string_value(a), json_string_value(b));
        return true;
    }
    return false;
}

static bool
is_equal(const json_t *a, const json_t *b)
{
    int order = 0;

    return compare(a, b, &order) ? order == 0 : json_equal(a, b) == 1;
}

static bool
holds(const struct node *node, const json_t *value)
{
    int order = 0;

    switch (node->op) {
    case OP_EQ:
        return is_equal(value, node->value);
    case OP_NE:
        return !is_equal(value, node->value);
    case OP_LT:
        return compare(value, node->value, &order) && order < 0;
    case OP_LE:
        return compare(value, node->value, &order) && order <= 0;
    case OP_GT:
        return compare(value, node->value, &order) && order > 0;
    case OP_GE:
        return compare(value, node->value, &order) && order >= 0;
    case OP_AND:
    case OP_OR:
    case OP_NOT:
    case OP_COUNT:
        break;
    }
    return false;
}

bool
admin_filter_matches(const struct admin_filter *filter, const json_t *value)
{
    struct {
        bool any_true;
        bool any_false;
    } arguments[NODES_MAX] = {0};
    bool truth = false;

    for (size_t i = filter->count; i-- > 0;) {
        const struct node *node = &filter->nodes[i];
        if (node->op == OP_AND) {
            truth = !arguments[i].any_false;
        } else if (node->op == OP_OR) {
            truth = arguments[i].any_true;
        } else if (node->op == OP_NOT) {
            truth = !arguments[i].any_true;
        } else {
            truth = holds(node, value);
        }
        if (node->owner != NO_OWNER) {
            arguments[node->owner].any_true |= truth;
            arguments[node->owner].any_false |= !truth;
        }
    }
    return truth;
}
