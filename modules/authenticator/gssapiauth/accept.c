/* The calls of the GSSAPI library; see accept.h. */
#include "accept.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5.h>
#include <stdio.h>
#include <string.h>

/* Appends what the library calls the code. */
static void
status_add(char text[ACCEPT_TEXT_MAX], OM_uint32 code, int type)
{
    OM_uint32 minor = 0;
    OM_uint32 more = 0;
    do {
        gss_buffer_desc part = GSS_C_EMPTY_BUFFER;
        if (GSS_ERROR(gss_display_status(&minor, code, type, GSS_C_NO_OID, &more, &part))) {
            return;
        }
        size_t used = strlen(text);
        (void)snprintf(text + used, ACCEPT_TEXT_MAX - used, "%s%.*s", used > 0 ? ": " : "",
                       (int)part.length, (const char *)part.value);
        (void)gss_release_buffer(&minor, &part);
    } while (more != 0);
}

static const char *
remedy_of(OM_uint32 major, OM_uint32 minor)
{
    /* Most causes come as "failure", with a code of Kerberos beside it. */
    switch ((krb5_error_code)minor) {
    case KRB5KRB_AP_ERR_REPEAT:
        return "; the token was used before, here or by a server on this machine that runs as the "
               "same system user (KRB5RCACHENAME separates them)";
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5KRB_AP_ERR_TKT_EXPIRED:
    case KRB5KRB_AP_ERR_TKT_NYV:
        return "; the client needs a new ticket (kinit), or the clocks differ";
    default:
        break;
    }
    switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_DEFECTIVE_TOKEN:
        return "; that is not a Kerberos ticket";
    case GSS_S_CREDENTIALS_EXPIRED:
        return "; the client needs a new ticket (kinit), or the clocks differ";
    default:
        return "; compare principal_name and the keytab with what the client got its ticket for";
    }
}

static void
explain(char text[ACCEPT_TEXT_MAX], OM_uint32 major, OM_uint32 minor, const char *remedy)
{
    text[0] = '\0';
    /* "Failure" alone says nothing. */
    if (GSS_ROUTINE_ERROR(major) != GSS_S_FAILURE || minor == 0) {
        status_add(text, major, GSS_C_GSS_CODE);
    }
    if (minor != 0) {
        status_add(text, minor, GSS_C_MECH_CODE);
    }
    size_t used = strlen(text);
    (void)snprintf(text + used, ACCEPT_TEXT_MAX - used, "%s", remedy);
}

/* The key of the service, from the listener's own keytab: no variable of the process is set. */
static OM_uint32
acquire(OM_uint32 *minor, gss_name_t name, const char *keytab, gss_cred_id_t *out)
{
    gss_key_value_element_desc element = {.key = "keytab", .value = keytab};
    gss_key_value_set_desc store = {.count = 1, .elements = &element};
    if (keytab == NULL) {
        return gss_acquire_cred(minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT, out,
                                NULL, NULL);
    }
    return gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT,
                                 &store, out, NULL, NULL);
}

static bool
key_get(const char *principal, const char *keytab, gss_cred_id_t *out, char text[ACCEPT_TEXT_MAX])
{
    union {
        const char *in;
        void *out;
    } value = {.in = principal};
    gss_buffer_desc given = {.length = strlen(principal), .value = value.out};
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor = 0;
    OM_uint32 ignored = 0;
    *out = GSS_C_NO_CREDENTIAL;
    OM_uint32 major = gss_import_name(&minor, &given, GSS_C_NT_USER_NAME, &name);
    if (!GSS_ERROR(major)) {
        major = acquire(&minor, name, keytab, out);
        (void)gss_release_name(&ignored, &name);
    }
    if (GSS_ERROR(major)) {
        char remedy[160];
        (void)snprintf(remedy, sizeof(remedy), "; put a key for '%.60s' into %.60s (ktadd)",
                       principal, keytab != NULL ? keytab : "the keytab");
        explain(text, major, minor, remedy);
        return false;
    }
    return true;
}

bool
accept_has_key(const char *principal, const char *keytab, char text[ACCEPT_TEXT_MAX])
{
    gss_cred_id_t key = GSS_C_NO_CREDENTIAL;
    OM_uint32 ignored = 0;
    bool there = key_get(principal, keytab, &key, text);
    (void)gss_release_cred(&ignored, &key);
    return there;
}

static enum accept_end
name_take(gss_name_t name, struct accept_result *out)
{
    gss_buffer_desc shown = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor = 0;
    OM_uint32 ignored = 0;
    OM_uint32 major = gss_display_name(&minor, name, &shown, NULL);
    if (GSS_ERROR(major)) {
        explain(out->text, major, minor, "; the client's name cannot be read");
        return ACCEPT_DENIED;
    }
    bool fits = shown.length < sizeof(out->name) && memchr(shown.value, '\0', shown.length) == NULL;
    if (fits) {
        memcpy(out->name, shown.value, shown.length);
        out->name[shown.length] = '\0';
    } else {
        (void)snprintf(out->text, sizeof(out->text), "the client's name is too long");
    }
    (void)gss_release_buffer(&ignored, &shown);
    return fits ? ACCEPT_GOOD : ACCEPT_DENIED;
}

/* What goes back to the client cannot be passed on to servers and from them: one token is all. */
static enum accept_end
judge(OM_uint32 major, OM_uint32 minor, size_t answer_len, gss_name_t name,
      struct accept_result *out)
{
    if (GSS_ERROR(major)) {
        explain(out->text, major, minor, remedy_of(major, minor));
        return ACCEPT_DENIED;
    }
    if (major != GSS_S_COMPLETE || answer_len > 0) {
        (void)snprintf(out->text, sizeof(out->text),
                       "the client wants more than one message to be exchanged (for example proof "
                       "of the server's identity), which cannot be passed on to servers");
        return ACCEPT_DENIED;
    }
    return name_take(name, out);
}

enum accept_end
accept_token(const char *principal, const char *keytab, const uint8_t *token, size_t len,
             struct accept_result *out)
{
    union {
        const uint8_t *in;
        void *out;
    } value = {.in = token};
    gss_buffer_desc given = {.length = len, .value = value.out};
    gss_buffer_desc answer = GSS_C_EMPTY_BUFFER;
    gss_cred_id_t key = GSS_C_NO_CREDENTIAL;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor = 0;
    OM_uint32 ignored = 0;
    *out = (struct accept_result){0};
    if (!key_get(principal, keytab, &key, out->text)) {
        return ACCEPT_BROKEN;
    }
    OM_uint32 major =
        gss_accept_sec_context(&minor, &context, key, &given, GSS_C_NO_CHANNEL_BINDINGS, &name,
                               NULL, &answer, NULL, NULL, NULL);
    enum accept_end end = judge(major, minor, answer.length, name, out);
    (void)gss_release_name(&ignored, &name);
    (void)gss_release_buffer(&ignored, &answer);
    (void)gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&ignored, &key);
    return end;
}
