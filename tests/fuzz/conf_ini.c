/* The configuration reader on any bytes: lines, includes, names, findings. */
#include "conf/files.h"
#include "conf/model.h"
#include "fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_model model = {0};
    struct conf_diag diag = {0};
    conf_ini_read(&model, (const char *)data, size, "fuzz.cnf", CONF_ORIGIN_MAIN, &diag);
    conf_include_resolve(&model, &diag);
    conf_env_substitute(&model, &diag);
    conf_names_check(&model, &diag);
    conf_diag_sort(&diag);
    for (size_t i = 0; i < diag.count; i++) {
        char *text = conf_finding_text(&diag.items[i]);
        free(text);
    }
    conf_diag_free(&diag);
    conf_model_free(&model);
    return 0;
}
